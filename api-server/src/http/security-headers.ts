import helmet from 'helmet';
import type { HeaderList } from './answer.ts';
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
      // Whether a host name is only ever to be reached by TLS is for whoever terminates it to say.
      strictTransportSecurity: false,
    }),
  ),
];
