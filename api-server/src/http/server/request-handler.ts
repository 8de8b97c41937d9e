import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { sendAnswer } from '../answers/answer.ts';
import { type ApplicationOptions, createApplication } from './application.ts';
import type { Entrance } from './request-context.ts';
import { asError, INTERNAL_ERROR, problemAnswer, type Refusal } from '../answers/problem.ts';
import type { PublishRoute } from '../routes/publish-routes.ts';
import { turnOf } from './queued-responses.ts';
import { pathOf } from './request-path.ts';

/** What Express is: with `onUnrouted` it leaves alone what it finds no path in, else it answers that in HTML. */
type Routing = (request: IncomingMessage, response: ServerResponse, onUnrouted: () => void) => unknown;

const NO_PATH: Refusal = {
  code: 'validation_failed',
  detail: 'The address of the request is not well-formed.',
};

/**
 * Takes every request of this service. Express has all routes; for those that publish there is a short way past it,
 * because it costs more for each request than everything else that a publish needs. Both ways lead through the same
 * entrance to the same route; what the short way does not know by its plain path goes the long way.
 *
 * On the long way nothing is done before the answers to what the same connection asked for earlier are out: a client
 * that reads none of them costs one of them. Publishes that follow each other are stored together.
 */
export function createRequestHandler(options: ApplicationOptions): RequestListener {
  const application: Routing = createApplication(options);
  const routes = new Map(options.publishRoutes.flatMap((route) => route.paths.map((path) => [path, route])));
  const takeLongWay = (request: IncomingMessage, response: ServerResponse) => {
    application(request, response, () => {
      refuseUnrouted(options.entrance, request, response);
    });
  };
  return (request, response) => {
    const route = routes.get(pathOf(request));
    if (route !== undefined) takeShortWay({ entrance: options.entrance, route, request, response });
    else if (response.socket !== null) takeLongWay(request, response);
    else {
      void turnOf(response).then((isOpen) => {
        if (isOpen) takeLongWay(request, response);
      });
    }
  };
}

/** No route was asked, and so none went through the entrance: `http://[` is an address without a path. */
function refuseUnrouted(entrance: Entrance, request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) {
    request.destroy(); // a route failed in the middle of its answer
    return;
  }
  const admission = entrance(request, response);
  if (admission !== undefined) sendAnswer(response, problemAnswer(NO_PATH), admission.headers);
}

interface ShortWay {
  readonly entrance: Entrance;
  readonly route: PublishRoute;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function takeShortWay({ entrance, route, request, response }: ShortWay): void {
  const admission = entrance(request, response);
  if (admission === undefined) return;
  admission.route = route.label;
  route
    .answer(request)
    .then((answer) => {
      sendAnswer(response, answer, admission.headers);
    })
    .catch((error: unknown) => {
      admission.failure = asError(error);
      sendAnswer(response, problemAnswer(INTERNAL_ERROR), admission.headers);
    });
}
