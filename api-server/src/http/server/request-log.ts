import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@postline/service-runtime';
import { pathOf } from '../answers/request-path.ts';

/** A caller's id is used only if it has no special meaning in a log, a header or a shell. */
const SAFE_REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** A URL can have 16 KB; its beginning identifies the route. */
const PATH_CHARACTERS_LOGGED = 200;

const QUIET_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** A request that was answered, or whose client closed the connection before. */
export interface EndedRequest {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly milliseconds: number;
  /** The cause of an internal_error. */
  readonly failure: Error | undefined;
  /** The name of the key that the request used. */
  readonly publisher: string | undefined;
}

/**
 * Logs one line for each request: 5xx at error, 503 and cut-off requests at warn, 4xx at info. Successful requests are
 * logged at debug, because at thousands per second the metrics count them better. Bodies, headers and query strings are
 * never logged.
 */
export function createRequestLog(logger: Logger): (ended: EndedRequest) => void {
  return (ended) => {
    const { id, request, response, milliseconds, failure, publisher } = ended;
    const level = levelOf(request, response);
    if (!logger.isLevelEnabled(level)) return;
    const fields = {
      req: {
        id,
        method: request.method,
        path: pathOf(request).slice(0, PATH_CHARACTERS_LOGGED),
        from: request.socket.remoteAddress,
      },
      res: { status: response.statusCode },
      milliseconds: Math.round(milliseconds),
      ...(publisher === undefined ? {} : { publisher }),
      ...(failure === undefined ? {} : { err: failure }),
    };
    logger[level](fields, messageOf(response));
  };
}

/** The caller's `X-Request-Id` if it is harmless, else a new id. The answer repeats it. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SAFE_REQUEST_ID.test(given) ? given : newRequestId();
}

/** Distinguishes this process from all others. */
const PROCESS_ID = randomBytes(9).toString('base64url');
let requestCount = 0;

/** Unique, but not secret: a random id for each request would cost as much as parsing its body. */
function newRequestId(): string {
  requestCount += 1;
  return `${PROCESS_ID}.${requestCount}`;
}

function levelOf(request: IncomingMessage, response: ServerResponse): 'error' | 'warn' | 'info' | 'debug' {
  if (!response.writableFinished || response.statusCode === 503) {
    return QUIET_PATHS.has(pathOf(request)) ? 'debug' : 'warn';
  }
  if (response.statusCode >= 500) return 'error';
  return response.statusCode >= 400 ? 'info' : 'debug';
}

function messageOf(response: ServerResponse): string {
  if (response.statusCode >= 500) return 'request failed';
  return response.writableFinished ? 'request' : 'request cut off by the client';
}
