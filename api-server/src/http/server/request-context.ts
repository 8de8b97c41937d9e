import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessControl } from '../../access/access-control.ts';
import type { ApiMetrics } from '../../metrics/api-metrics.ts';
import { sendAnswer } from '../answers/answer.ts';
import { type CommonHeaders, type HeaderList, SharedHeaders } from '../answers/answer-head.ts';
import { DATABASE_LATE, problemAnswer } from '../answers/problem.ts';
import { createCrossOriginGuard, type CrossOriginRules } from './cross-origin.ts';
import { needsNoDatabase } from './hold-while-starting.ts';
import { type EndedRequest, requestIdOf } from './request-log.ts';

export interface RequestContextOptions {
  readonly metrics: Pick<ApiMetrics, 'countRequest'>;
  readonly logRequest: (ended: EndedRequest) => void;
  readonly crossOrigin: CrossOriginRules;
  readonly access: Pick<AccessControl, 'nameOf'>;
  /** False until the database is ready for this version. */
  readonly isOpen: () => boolean;
  /** How long a connection is kept open without a request. */
  readonly keepAliveTimeoutMs: number;
}

/** An admitted request, for as long as it is handled. */
export interface RequestContext {
  /** The headers that its answer must have. */
  readonly headers: CommonHeaders;
  /** The label of its route, for the metrics. */
  route: string;
  /** The cause of an internal_error, for the log. */
  failure: Error | undefined;
}

/** Admits a request, or answers it and returns undefined. */
export type BeginRequest = (request: IncomingMessage, response: ServerResponse) => RequestContext | undefined;

/** Answers are data: a browser must not run, frame, sniff or cache them. The documentation page has its own policy. */
const SECURITY_HEADERS: HeaderList = [
  'Cache-Control',
  'no-store',
  'Content-Security-Policy',
  "default-src 'none';frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy',
  'same-origin',
  'Referrer-Policy',
  'no-referrer',
  'X-Content-Type-Options',
  'nosniff',
  'X-Frame-Options',
  'DENY',
];

const STARTING_ANSWER = problemAnswer({
  ...DATABASE_LATE,
  detail: 'The service is starting: its database is not ready yet.',
});

/** The label of requests without a route; a label never contains text of a request. */
const NO_ROUTE = 'none';

const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'OPTIONS',
  'PUT',
  'PATCH',
  'DELETE',
]);

/**
 * The first step of every request, with and without Express: it gives the request an id, checks its origin, and counts
 * and logs it when it ends.
 */
export function createBeginRequest(options: RequestContextOptions): BeginRequest {
  const { metrics, logRequest, crossOrigin, access, isOpen, keepAliveTimeoutMs } = options;
  const guard = createCrossOriginGuard(crossOrigin);
  const sharedHeadersFor = createSharedHeaders(keepAliveTimeoutMs);
  return (request, response) => {
    const start = performance.now();
    const id = requestIdOf(request);
    const guarded = guard(request);
    const headers = { requestId: id, shared: sharedHeadersFor(guarded.headers) };
    const context: RequestContext = { headers, route: NO_ROUTE, failure: undefined };
    response.on('close', () => {
      const milliseconds = performance.now() - start;
      const { route, failure } = context;
      metrics.countRequest({ route, method: methodOf(request), code: codeOf(response), milliseconds });
      logRequest({ id, request, response, milliseconds, failure, publisher: access.nameOf(request) });
    });
    const answer = guarded.answer ?? (isOpen() || needsNoDatabase(request) ? undefined : STARTING_ANSWER);
    if (answer === undefined) return context;
    sendAnswer(response, answer, headers);
    return undefined;
  };
}

/** Most requests get the same list from the guard. */
function createSharedHeaders(keepAliveTimeoutMs: number): (guardHeaders: HeaderList) => SharedHeaders {
  let known: { readonly of: HeaderList; readonly shared: SharedHeaders } | undefined;
  return (guardHeaders) => {
    if (known?.of !== guardHeaders) {
      const shared = new SharedHeaders([...SECURITY_HEADERS, ...guardHeaders], keepAliveTimeoutMs);
      known = { of: guardHeaders, shared };
    }
    return known.shared;
  };
}

function methodOf({ method = '' }: IncomingMessage): string {
  return KNOWN_METHODS.has(method) ? method : 'other';
}

function codeOf(response: ServerResponse): string {
  return response.writableFinished ? String(response.statusCode) : 'cut_off';
}
