import type { MetricsRegistry, Readiness } from '@postline/service-runtime';
import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  Router,
} from 'express';
import type { DisconnectClient } from '../../upkeep/disconnect-client.ts';
import type { ReadLogPage } from '../../reading/read-log-page.ts';
import type { ReadReceipts } from '../../reading/read-receipts.ts';
import type { AccessControl } from '../../access/access-control.ts';
import { sendAnswer } from '../answers/answer.ts';
import { createConnectionRoutes } from '../routes/connection-routes.ts';
import { createDocumentationRoutes } from '../routes/documentation-routes.ts';
import type { Admission, Entrance } from './request-context.ts';
import { createLogRoutes } from '../routes/log-routes.ts';
import { createOperationsRoutes } from '../routes/operations-routes.ts';
import { asError, INTERNAL_ERROR, invalid, problemAnswer, type Refusal } from '../answers/problem.ts';
import type { PublishRoute } from '../routes/publish-routes.ts';
import type { ReaderRouteParts } from '../routes/reader-route.ts';
import { createReceiptRoutes } from '../routes/receipt-routes.ts';

export interface ApplicationOptions {
  readonly entrance: Entrance;
  readonly access: AccessControl;
  readonly publishRoutes: readonly PublishRoute[];
  readonly readLogPage: ReadLogPage;
  readonly readReceipts: ReadReceipts;
  readonly readers: Omit<ReaderRouteParts, 'access'>;
  readonly disconnectClient: DisconnectClient;
  readonly readiness: Readiness;
  readonly registry: MetricsRegistry;
}

/** The whole HTTP surface: who may come in, then the routes, then the errors. */
export function createApplication(options: ApplicationOptions): Express {
  const application = express();
  application.disable('x-powered-by');
  application.disable('etag');
  application.enable('case sensitive routing');

  const admissions = new WeakMap<Request, Admission>();
  application.use((request, response, next) => {
    const admission = options.entrance(request, response);
    if (admission === undefined) return;
    admissions.set(request, admission);
    for (let index = 0; index < admission.headers.length; index += 2) {
      response.setHeader(admission.headers[index] ?? '', admission.headers[index + 1] ?? '');
    }
    response.prependOnceListener('close', () => {
      admission.route = routeOf(request) ?? admission.route;
    });
    next();
  });
  application.use(mountPublishRoutes(options.publishRoutes));
  const readerParts = { access: options.access, ...options.readers };
  application.use(createLogRoutes(options.readLogPage, readerParts));
  application.use(createReceiptRoutes(options.readReceipts, readerParts));
  application.use(createConnectionRoutes(options.disconnectClient, options.access));
  application.use(createOperationsRoutes(options));
  application.use(createDocumentationRoutes());
  application.use(answerNotFound);
  application.use(
    createErrorHandler((request, failure) => {
      const admission = admissions.get(request);
      if (admission !== undefined) admission.failure = failure;
    }),
  );
  return application;
}

function mountPublishRoutes(routes: readonly PublishRoute[]): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const route of routes) {
    router.all([...route.paths], async (request, response) => {
      sendAnswer(response, await route.answer(request));
    });
  }
  return router;
}

/** The pattern of the route that Express found. */
function routeOf(request: Request): string | undefined {
  const route = request.route as unknown;
  if (typeof route !== 'object' || route === null || !('path' in route)) return undefined;
  return [route.path].flat().map(String).join(' ');
}

const answerNotFound: RequestHandler = (_request, response) => {
  const detail = 'Messages are published by POST / and POST /messages. How to use this API: /docs';
  sendAnswer(response, problemAnswer({ code: 'not_found', detail }));
};

function createErrorHandler(onFailure: (request: Request, failure: Error) => void): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (error: unknown, request, response, next) => {
    const refusal = refusalOf(error, request.path);
    if (refusal.code === 'internal_error') onFailure(request, asError(error));
    if (response.headersSent) next(error);
    else sendAnswer(response, problemAnswer(refusal));
  };
}

/** Routes that name a target or a client in their path. */
const ID_IN_PATH = /^\/(target|client)s\//;

/** Errors of the framework about the request itself say so by their status: a URL that can't be decoded, mostly. */
function refusalOf(error: unknown, path: string): Refusal {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (status === 404) return { code: 'not_found', detail: 'There is nothing at this address.' };
  if (typeof status !== 'number' || status < 400 || status > 499) return INTERNAL_ERROR;
  const field = ID_IN_PATH.exec(path)?.[1];
  if (field !== undefined) return invalid(`${field}Id`, 'is not percent-encoded UTF-8');
  return { code: 'validation_failed', detail: 'The address of the request is not well-formed.' };
}
