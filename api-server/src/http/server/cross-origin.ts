import type { IncomingMessage } from 'node:http';
import {
  isHostAllowed,
  isOriginAllowed,
  isProbe,
  lacksHost,
  type OriginRules,
} from '@postline/service-runtime';
import type { HttpAnswer } from '../answers/answer.ts';
import type { HeaderList } from '../answers/answer-head.ts';
import { problemAnswer } from '../answers/problem.ts';

/** How long a browser may cache the answer to a preflight. */
const PREFLIGHT_MAX_AGE_SECONDS = '600';

export interface CrossOriginRules {
  readonly origins: OriginRules;
  /** Allowed values of `Host`; undefined allows any, because then callers must authenticate. */
  readonly hosts?: readonly string[] | undefined;
}

/** The guard's decision about a request. */
export interface Guarded {
  /** Headers for every answer to the request. */
  readonly headers: HeaderList;
  /** The answer, if the request was refused or was a preflight. */
  readonly answer?: HttpAnswer;
}

/** The headers of an answer that a page may read, in addition to those that every page may. */
const EXPOSED_HEADERS = [
  'Access-Control-Expose-Headers',
  'Idempotent-Replayed, Retry-After, X-Request-Id, WWW-Authenticate, Allow, Date',
];

const METHODS = 'GET, HEAD, POST, PUT, DELETE';
/** For a preflight that names no headers. */
const HEADERS_DEFAULT = 'Content-Type, Idempotency-Key, Authorization, X-Request-Id';

/** Names of headers (RFC 9110, 5.1), separated by commas. */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;
/** Far more than any page sends; the answer repeats them. */
const HEADER_NAMES_CHARACTERS_MAX = 4_096;

/** Most requests: programs other than browsers send no `Origin`. */
const WITHOUT_ORIGIN: Guarded = { headers: ['Vary', 'Origin'] };

const FOREIGN_HOST: Guarded = {
  headers: [],
  answer: problemAnswer({
    code: 'forbidden',
    detail: 'This host name is not allowed. ALLOWED_HOSTS configures the allowed host names.',
  }),
};
const NO_HOST: Guarded = {
  headers: [],
  answer: problemAnswer({ code: 'validation_failed', detail: 'The request has no Host header.' }),
};
const FOREIGN_ORIGIN: Guarded = {
  headers: ['Vary', 'Origin'],
  answer: problemAnswer({
    code: 'forbidden',
    detail: 'This origin is not allowed. ALLOWED_ORIGINS configures the allowed origins.',
  }),
};
const PREFLIGHT_ANSWER: HttpAnswer = { status: 204, headers: {}, body: '' };

/**
 * Refuses requests of disallowed origins and hosts, preflights included. Omitting the CORS headers would not be enough:
 * a browser would still send the POST.
 */
export function createCrossOriginGuard({ origins, hosts }: CrossOriginRules) {
  const refuseHost = createHostGuard(hosts);
  return (request: IncomingMessage): Guarded => {
    const refused = refuseHost(request);
    if (refused !== undefined) return refused;
    const { origin } = request.headers;
    if (origin === undefined && request.method !== 'OPTIONS') return WITHOUT_ORIGIN;
    if (!isOriginAllowed(origins, origin)) return FOREIGN_ORIGIN;
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined)
      return { headers: origin === undefined ? WITHOUT_ORIGIN.headers : headersFor(origin) };
    return { headers: preflightHeaders(request, origin), answer: PREFLIGHT_ANSWER };
  };
}

/** The headers of an answer to an allowed origin. */
function headersFor(origin: string): HeaderList {
  return ['Access-Control-Allow-Origin', origin, 'Vary', 'Origin', ...EXPOSED_HEADERS];
}

/** An allowed page may send any header: monitoring libraries add their own, and an unused header does no harm. */
function preflightHeaders({ headers }: IncomingMessage, origin: string | undefined): HeaderList {
  const asked = headers['access-control-request-headers'];
  const isEchoed =
    asked !== undefined && asked.length <= HEADER_NAMES_CHARACTERS_MAX && HEADER_NAMES.test(asked);
  return [
    ...(origin === undefined ? [] : ['Access-Control-Allow-Origin', origin]),
    'Vary',
    'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    'Access-Control-Allow-Methods',
    METHODS,
    'Access-Control-Allow-Headers',
    isEchoed ? asked : HEADERS_DEFAULT,
    'Access-Control-Max-Age',
    PREFLIGHT_MAX_AGE_SECONDS,
  ];
}

/** Probes are answered for any host, and without one: their answers are of no use to a foreign page. */
function createHostGuard(hosts: readonly string[] | undefined) {
  let knownHost: string | undefined; // most requests use the same host
  return (request: IncomingMessage): Guarded | undefined => {
    const { host } = request.headers;
    if (host !== undefined && (hosts === undefined || host === knownHost)) return undefined;
    if (isProbe(request)) return undefined;
    if (hosts === undefined) return lacksHost(request) ? NO_HOST : undefined;
    if (!isHostAllowed(hosts, host)) return FOREIGN_HOST;
    knownHost = host;
    return undefined;
  };
}
