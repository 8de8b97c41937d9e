import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiMetrics } from '../../metrics/api-metrics.ts';
import type { AccessControl } from '../../access/access-control.ts';
import { type HeaderList, sendAnswer } from '../answers/answer.ts';
import { createCrossOriginGuard, type CrossOriginRules } from './cross-origin.ts';
import { problemAnswer, STORE_UNAVAILABLE } from '../answers/problem.ts';
import { type EndedRequest, requestIdOf } from './request-log.ts';
import { pathOf } from './request-path.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

export interface EntranceOptions {
  readonly metrics: Pick<ApiMetrics, 'countRequest'>;
  readonly logRequest: (ended: EndedRequest) => void;
  readonly crossOrigin: CrossOriginRules;
  readonly access: Pick<AccessControl, 'nameOf'>;
  /** False while the database is not ready for this version. */
  readonly isOpen: () => boolean;
}

/** A request that was let in. */
export interface Admission {
  /** For its answer, whatever that is. */
  readonly headers: HeaderList;
  /** The pattern of the route that it took, for the metrics. */
  route: string;
  /** What failed and should not have, for the log. */
  failure: Error | undefined;
}

/** Lets a request in, or answers it itself and gives nothing. */
export type Entrance = (request: IncomingMessage, response: ServerResponse) => Admission | undefined;

/** What needs no database. */
const ALWAYS_OPEN = /^\/(healthz|readyz|metrics|openapi\.json|docs)(\/|$)/;

const STARTING_ANSWER = problemAnswer({
  ...STORE_UNAVAILABLE,
  detail: 'The service is starting: its database is not ready yet.',
});

/** Labels are the routes' patterns, never what was asked for. */
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
 * What every request goes through before its route, whichever way leads there: it gets an id, is counted and logged
 * when it ends, and has to come from where it may.
 */
export function createEntrance(options: EntranceOptions): Entrance {
  const { metrics, logRequest, crossOrigin, access, isOpen } = options;
  const guard = createCrossOriginGuard(crossOrigin);
  return (request, response) => {
    const start = performance.now();
    const id = requestIdOf(request);
    const guarded = guard(request);
    const headers = ['X-Request-Id', id, ...SECURITY_HEADERS, ...guarded.headers];
    const admission: Admission = { headers, route: NO_ROUTE, failure: undefined };
    response.on('close', () => {
      const milliseconds = performance.now() - start;
      const { route, failure } = admission;
      metrics.countRequest({ route, method: methodOf(request), code: codeOf(response), milliseconds });
      logRequest({ id, request, response, milliseconds, failure, publisher: access.nameOf(request) });
    });
    const answer =
      guarded.answer ?? (isOpen() || ALWAYS_OPEN.test(pathOf(request)) ? undefined : STARTING_ANSWER);
    if (answer === undefined) return admission;
    sendAnswer(response, answer, headers);
    return undefined;
  };
}

function methodOf({ method = '' }: IncomingMessage): string {
  return KNOWN_METHODS.has(method) ? method : 'other';
}

function codeOf(response: ServerResponse): string {
  return response.writableFinished ? String(response.statusCode) : 'cut_off';
}
