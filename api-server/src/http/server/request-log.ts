import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@postline/service-runtime';
import { pathOf } from './request-path.ts';

/** An id from outside is taken over only where it can't be anything else in a log, a header or a shell. */
const SAFE_REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** A URL can be 16 KB; its start tells the route. */
const PATH_CHARACTERS_LOGGED = 200;

const QUIET_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** A request that was answered, or whose client went away before. */
export interface EndedRequest {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly milliseconds: number;
  /** What failed and should not have, where that is why it was answered so. */
  readonly failure: Error | undefined;
  /** The name of the publisher whose key it was made with. */
  readonly publisher: string | undefined;
}

/**
 * One line for each request, by how it went: 5xx are errors, 503 and cut-off ones warnings, 4xx information, and
 * what succeeded is told at debug level only, for at thousands a second the metrics count it better. Neither bodies
 * nor headers nor query strings are ever given to the logger.
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

/** The caller's own `X-Request-Id` where it is a harmless one, else a new one; sent back in either case. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SAFE_REQUEST_ID.test(given) ? given : newRequestId();
}

/** Tells this process from every other. */
const PROCESS_ID = randomBytes(9).toString('base64url');
let requestCount = 0;

/** Unique, and no secret: a random id for each request would cost as much as parsing its body. */
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
