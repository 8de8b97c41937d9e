import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type Request, Router } from 'express';
import { sendAnswer } from '../answers/answer.ts';
import { headerListOf } from '../answers/answer-head.ts';
import { asError, INTERNAL_ERROR, invalid, problemAnswer, type Refusal } from '../answers/problem.ts';
import { groupByPath, type Route } from '../routes/route.ts';
import type { RequestContext } from './request-context.ts';

/** Finds the route of a request and sends its answer. */
export type ExpressRouting = (
  request: IncomingMessage,
  response: ServerResponse,
  context: RequestContext,
) => void;

/** The signature of an Express application. It calls `onUnrouted` for a request in which it finds no path. */
type Routing = (request: IncomingMessage, response: ServerResponse, onUnrouted: () => void) => unknown;

const NO_PATH: Refusal = { code: 'validation_failed', detail: 'The URL of the request is invalid.' };
const NOT_FOUND = problemAnswer({
  code: 'not_found',
  detail: 'To publish a message: POST / or POST /messages. The documentation is at /docs.',
});

/** Express matches paths, and decodes them and their queries. It does nothing else here. */
export function createExpressRouting(routes: readonly Route[]): ExpressRouting {
  const contexts = new WeakMap<IncomingMessage, RequestContext>();
  const application: Routing = createApplication(routes, contexts);
  return (request, response, context) => {
    contexts.set(request, context);
    const headers = headerListOf(context.headers);
    for (let index = 0; index < headers.length; index += 2) {
      response.setHeader(headers[index] ?? '', headers[index + 1] ?? '');
    }
    application(request, response, () => {
      if (response.headersSent)
        request.destroy(); // a route failed in the middle of its answer
      else sendAnswer(response, problemAnswer(NO_PATH)); // `http://[` is a URL without a path
    });
  };
}

type Contexts = Pick<WeakMap<IncomingMessage, RequestContext>, 'get'>;

function createApplication(routes: readonly Route[], contexts: Contexts): Express {
  const application = express();
  application.disable('x-powered-by');
  application.disable('etag');
  application.use(createRouter(routes, contexts));
  application.use((_request, response) => {
    sendAnswer(response, NOT_FOUND);
  });
  application.use(createErrorHandler(contexts));
  return application;
}

function createRouter(routes: readonly Route[], contexts: Contexts): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const [path, ofPath] of groupByPath(routes)) {
    // A pattern without wildcards has no list among its parameters.
    router.all(path, async (request: Request<Record<string, string>>, response) => {
      const context = contexts.get(request);
      if (context !== undefined) context.route = ofPath.label;
      const route = ofPath.find(request.method);
      if (route === undefined) {
        sendAnswer(response, ofPath.answerOther(request.method));
        return;
      }
      const { params, query } = request;
      const answer = await route.answer(request, { params, query, response });
      if (answer !== undefined) sendAnswer(response, answer);
    });
  }
  return router;
}

function createErrorHandler(contexts: Contexts): ErrorRequestHandler {
  // Express recognizes an error handler by its four parameters.
  return (error: unknown, request, response, next) => {
    const refusal = refusalOf(error, request.path);
    const context = contexts.get(request);
    if (refusal.code === 'internal_error' && context !== undefined) context.failure = asError(error);
    if (response.headersSent) next(error);
    else sendAnswer(response, problemAnswer(refusal));
  };
}

/** An error of Express about the request itself has a status: mostly a URL that cannot be decoded. */
function refusalOf(error: unknown, path: string): Refusal {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (status === 404) return { code: 'not_found', detail: 'Nothing was found at this URL.' };
  if (typeof status !== 'number' || status < 400 || status > 499) return INTERNAL_ERROR;
  const field = malformedPartOf(path);
  return field === undefined ? NO_PATH : invalid(field, 'is not percent-encoded UTF-8');
}

/** The name of the part of a path that cannot be decoded. */
function malformedPartOf(path: string): string | undefined {
  const [, kind, first = ''] = path.split('/');
  if (kind === 'targets') return 'targetId';
  if (kind === 'clients') return 'clientId';
  if (kind === 'groups') return isDecodable(first) ? 'clientId' : 'name';
  return undefined;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
