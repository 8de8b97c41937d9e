import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Answers are data: nothing in them may run, be framed or be cached. The documentation page sets its own. */
const setSecurityHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  xFrameOptions: { action: 'deny' },
  // Whether a host name is only ever to be reached by TLS is for whoever terminates it to say.
  strictTransportSecurity: false,
});

export const securityHeaders: RequestHandler = (request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  setSecurityHeaders(request, response, next);
};
