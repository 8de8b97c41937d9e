import type { IncomingMessage } from 'node:http';
import {
  isHostAllowed,
  isOriginAllowed,
  isProbe,
  lacksHost,
  type OriginRules,
} from '@postline/service-runtime';
import type { HeaderList, HttpAnswer } from '../answers/answer.ts';
import { problemAnswer } from '../answers/problem.ts';

/** How long a browser may remember the answer to a preflight. */
const PREFLIGHT_MAX_AGE_SECONDS = '600';

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

/** What a page may read of an answer, beside what every page may. */
const EXPOSED_HEADERS = [
  'Access-Control-Expose-Headers',
  'Idempotent-Replayed, Retry-After, X-Request-Id, WWW-Authenticate, Allow, Date',
];

const METHODS = 'GET, HEAD, POST, DELETE';
/** For a preflight that names no headers. */
const HEADERS_DEFAULT = 'Content-Type, Idempotency-Key, Authorization, X-Request-Id';

/** Names of headers (RFC 9110, 5.1), separated by commas. */
const HEADER_NAMES = /^[\w!#$%&'*+.^`|~-]+(?:[ \t]*,[ \t]*[\w!#$%&'*+.^`|~-]+)*$/;
/** Far more than any page sends; each is repeated in the answer. */
const HEADER_NAMES_CHARACTERS_MAX = 4_096;

/** Programs that are no browser send no `Origin`: most of what comes here. */
const WITHOUT_ORIGIN: Guarded = { headers: ['Vary', 'Origin'] };

const FOREIGN_HOST: Guarded = {
  headers: [],
  answer: problemAnswer({
    code: 'forbidden',
    detail: 'This host name is not one of this service. ALLOWED_HOSTS names further ones.',
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
    detail: 'Pages of this origin may not use this service. ALLOWED_ORIGINS names those that may.',
  }),
};
const PREFLIGHT_ANSWER: HttpAnswer = { status: 204, headers: {}, body: '' };

/**
 * Refuses pages that may not use the service, on every route and in the preflight too: without headers alone a
 * browser would still have sent the POST.
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

/** For an answer to a page that may use the service. */
function headersFor(origin: string): HeaderList {
  return ['Access-Control-Allow-Origin', origin, 'Vary', 'Origin', ...EXPOSED_HEADERS];
}

/**
 * A page that may use the service may send it any header: libraries for monitoring add their own, and what none of the
 * routes reads does no harm.
 */
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

/** Probes are answered under any name, and without one: what they are told is of no use to a stranger's page. */
function createHostGuard(hosts: readonly string[] | undefined) {
  let knownHost: string | undefined; // callers mostly come under one name
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
