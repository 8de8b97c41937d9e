import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@postline/service-runtime';
import { pinoHttp } from 'pino-http';

/** An id from outside is taken over only where it can't be anything else in a log, a header or a shell. */
const SAFE_REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** A URL can be 16 KB; its start tells the route. */
const PATH_CHARACTERS_LOGGED = 200;

const QUIET_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/**
 * One line for each request, by how it went: 5xx are errors, 503 and cut-off ones warnings, 4xx information, and
 * what succeeded is told at debug level only, for at thousands a second the metrics count it better. Neither bodies
 * nor headers nor query strings are ever given to the logger.
 */
export function createRequestLog(logger: Logger) {
  return pinoHttp({
    logger,
    genReqId: assignRequestId,
    customLogLevel: (request, response) => levelOf(request, response),
    customSuccessMessage: (_request, response) =>
      response.writableFinished ? 'request' : 'request cut off by the client',
    customErrorMessage: () => 'request failed',
    // Without an error of ours the library makes one up, with a stack that leads to itself.
    customErrorObject: (_request, response, _error, fields: Record<string, unknown>) =>
      response.err === undefined ? { ...fields, err: undefined } : fields,
    customAttributeKeys: { responseTime: 'milliseconds' },
    wrapSerializers: false,
    serializers: {
      req: (request: IncomingMessage) => ({
        id: request.id,
        method: request.method,
        path: pathOf(request).slice(0, PATH_CHARACTERS_LOGGED),
        from: request.socket.remoteAddress,
      }),
      res: (response: ServerResponse) => ({ status: response.statusCode }),
    },
  });
}

/** The caller's own `X-Request-Id` where it is a harmless one, else a new one; sent back in either case. */
function assignRequestId(request: IncomingMessage, response: ServerResponse): string {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && SAFE_REQUEST_ID.test(given) ? given : randomUUID();
  response.setHeader('X-Request-Id', id);
  return id;
}

function levelOf(request: IncomingMessage, response: ServerResponse): 'error' | 'warn' | 'info' | 'debug' {
  if (!response.writableFinished || response.statusCode === 503) {
    return QUIET_PATHS.has(pathOf(request)) ? 'debug' : 'warn';
  }
  if (response.statusCode >= 500) return 'error';
  return response.statusCode >= 400 ? 'info' : 'debug';
}

/** Express shortens `url` inside a router; the original has the query, which may hold secrets. */
function pathOf(request: IncomingMessage & { originalUrl?: string }): string {
  return (request.originalUrl ?? request.url ?? '').split('?', 1)[0] ?? '';
}
