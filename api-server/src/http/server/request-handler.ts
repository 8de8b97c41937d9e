import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type HttpAnswer, sendAnswer } from '../answers/answer.ts';
import { asError, INTERNAL_ERROR, problemAnswer } from '../answers/problem.ts';
import { pathOf } from '../answers/request-path.ts';
import { groupByPath, type HotRoute, type PathRoutes, type Route } from '../routes/route.ts';
import { createExpressRouting } from './express-routing.ts';
import { turnOf } from './queued-responses.ts';
import type { BeginRequest } from './request-context.ts';

export interface RequestHandlerOptions {
  readonly beginRequest: BeginRequest;
  /** Answered without Express, which costs more than all other steps of a publish. */
  readonly hotRoutes: readonly HotRoute[];
  readonly routes: readonly Route[];
}

/**
 * Handles every request. A hot route is found by its plain path; any other way to write its URL goes through Express to
 * the same route.
 *
 * Express handles a request only after all earlier answers on its connection have been sent: a client that reads none of
 * them costs one of them. Publishes start at once, so that pipelined ones share a commit.
 */
export function createRequestHandler(options: RequestHandlerOptions): RequestListener {
  const { beginRequest, hotRoutes, routes } = options;
  const hotPaths = groupByPath(hotRoutes);
  const routeByExpress = createExpressRouting([...hotRoutes, ...routes]);
  const handleByExpress = (request: IncomingMessage, response: ServerResponse) => {
    const context = beginRequest(request, response);
    if (context !== undefined) routeByExpress(request, response, context);
  };
  return (request, response) => {
    const hotPath = hotPaths.get(pathOf(request));
    if (hotPath !== undefined) handleHot({ beginRequest, hotPath, request, response });
    else if (response.socket !== null) handleByExpress(request, response);
    else {
      void turnOf(response).then((isOpen) => {
        if (isOpen) handleByExpress(request, response);
      });
    }
  };
}

interface HotRequest {
  readonly beginRequest: BeginRequest;
  readonly hotPath: PathRoutes<HotRoute>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function handleHot({ beginRequest, hotPath, request, response }: HotRequest): void {
  const context = beginRequest(request, response);
  if (context === undefined) return;
  context.route = hotPath.label;
  const route = hotPath.find(request.method);
  if (route === undefined) {
    sendAnswer(response, hotPath.answerOther(request.method), context.headers);
    return;
  }
  const fail = (error: unknown) => {
    context.failure = asError(error);
    sendAnswer(response, problemAnswer(INTERNAL_ERROR), context.headers);
  };
  const send = (answer: HttpAnswer) => {
    try {
      sendAnswer(response, answer, context.headers);
    } catch (error) {
      fail(error);
    }
  };
  route.answer(request).then(send, fail);
}
