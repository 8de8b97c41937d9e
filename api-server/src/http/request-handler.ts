import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { sendAnswer } from './answer.ts';
import { type ApplicationOptions, createApplication } from './application.ts';
import type { Entrance } from './entrance.ts';
import { asError, INTERNAL_ERROR, problemAnswer } from './problem.ts';
import type { PublishRoute } from './publish-routes.ts';
import { pathOf } from './request-path.ts';

/**
 * Takes every request of this service. Express has all routes; for those that publish there is a short way past it,
 * because it costs more for each request than everything else that a publish needs. Both ways lead through the same
 * entrance to the same route; what the short way does not know by its plain path goes the long way.
 */
export function createRequestHandler(options: ApplicationOptions): RequestListener {
  const application = createApplication(options);
  const routes = new Map(options.publishRoutes.flatMap((route) => route.paths.map((path) => [path, route])));
  return (request, response) => {
    const route = routes.get(pathOf(request));
    if (route === undefined) application(request, response);
    else void takeShortWay({ entrance: options.entrance, route, request, response });
  };
}

interface ShortWay {
  readonly entrance: Entrance;
  readonly route: PublishRoute;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Never rejects. */
async function takeShortWay({ entrance, route, request, response }: ShortWay): Promise<void> {
  const admission = entrance(request, response);
  if (admission === undefined) return;
  admission.route = route.label;
  try {
    sendAnswer(response, await route.answer(request), admission.headers);
  } catch (error) {
    admission.failure = asError(error);
    sendAnswer(response, problemAnswer(INTERNAL_ERROR), admission.headers);
  }
}
