import type { IncomingMessage } from 'node:http';
import { isHostAllowed, isOriginAllowed, type OriginRules } from '@postline/service-runtime';
import cors from 'cors';
import type { HeaderList, HttpAnswer } from './answer.ts';
import { recordHeaders } from './header-recorder.ts';
import { problemAnswer } from './problem.ts';

/** How long a browser may remember the answer to a preflight. */
const PREFLIGHT_MAX_AGE_SECONDS = 600;

export interface CrossOriginRules {
  readonly origins: OriginRules;
  /** Names under which the service may be called; left out where any may: then callers have to prove who they are. */
  readonly hosts?: readonly string[] | undefined;
}

/** What the guard makes of a request. */
export interface Guarded {
  /** For the answer, whatever it is. */
  readonly headers: HeaderList;
  /** Where the request ends here: it was refused, or was a preflight. */
  readonly answer?: HttpAnswer;
}

const setCorsHeaders = cors({
  origin: true, // only those come here that may
  methods: ['GET', 'HEAD', 'POST', 'DELETE'],
  allowedHeaders: ['Content-Type', 'Idempotency-Key', 'Authorization'],
  exposedHeaders: ['Idempotent-Replayed', 'Retry-After', 'X-Request-Id'],
  maxAge: PREFLIGHT_MAX_AGE_SECONDS,
  preflightContinue: true,
});

/** Programs that are no browser send no `Origin`: most of what comes here. */
const WITHOUT_ORIGIN: Guarded = { headers: ['Vary', 'Origin'] };

const FOREIGN_HOST: Guarded = {
  headers: [],
  answer: problemAnswer({
    code: 'forbidden',
    detail: 'This host name is not one of this service. ALLOWED_HOSTS names further ones.',
  }),
};
const FOREIGN_ORIGIN: Guarded = {
  headers: ['Vary', 'Origin'],
  answer: problemAnswer({
    code: 'forbidden',
    detail: 'Pages of this origin may not use this service. ALLOWED_ORIGINS names those that may.',
  }),
};
const PREFLIGHT_ANSWER: HttpAnswer = { status: 204, headers: {}, body: '' };

/**
 * Refuses pages that may not use the service, on every route and in the preflight too: without headers alone a
 * browser would still have sent the POST.
 */
export function createCrossOriginGuard({ origins, hosts }: CrossOriginRules) {
  let knownHost: string | undefined; // callers mostly come under one name
  return (request: IncomingMessage): Guarded => {
    const { host, origin } = request.headers;
    if (hosts !== undefined && (host === undefined || host !== knownHost)) {
      if (!isHostAllowed(hosts, host)) return FOREIGN_HOST;
      knownHost = host;
    }
    if (origin === undefined && request.method !== 'OPTIONS') return WITHOUT_ORIGIN;
    if (!isOriginAllowed(origins, origin)) return FOREIGN_ORIGIN;
    const headers = recordHeaders(setCorsHeaders, request);
    const isPreflight =
      request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    return isPreflight ? { headers, answer: PREFLIGHT_ANSWER } : { headers };
  };
}
