import helmet from 'helmet';
import type { HeaderList } from '../answers/answer.ts';
import { recordHeaders } from './header-recorder.ts';

/** Answers are data: nothing in them may run, be framed or be cached. The documentation page sets its own. */
export const SECURITY_HEADERS: HeaderList = [
  'Cache-Control',
  'no-store',
  ...recordHeaders(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      xFrameOptions: { action: 'deny' },
      // About documents, which answers here are not, or for browsers that are no more.
      crossOriginOpenerPolicy: false,
      originAgentCluster: false,
      xDnsPrefetchControl: false,
      xDownloadOptions: false,
      xPermittedCrossDomainPolicies: false,
      xXssProtection: false,
      // Whether a host name is only ever to be reached by TLS is for whoever terminates it to say.
      strictTransportSecurity: false,
    }),
  ),
];
