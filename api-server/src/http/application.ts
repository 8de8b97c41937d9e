import type { Logger, MetricsRegistry, Readiness } from '@postline/service-runtime';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { ApiMetrics } from '../api-metrics.ts';
import { errorForLog } from '../error-for-log.ts';
import type { PublishMessages } from '../publish-message.ts';
import type { ReadLogPage } from '../read-log-page.ts';
import type { ReadReceipts } from '../read-receipts.ts';
import { sendAnswer } from './answer.ts';
import { type CrossOriginRules, guardCrossOrigin } from './cross-origin.ts';
import { createDocumentationRoutes } from './documentation-routes.ts';
import { createLogRoutes } from './log-routes.ts';
import { createOperationsRoutes } from './operations-routes.ts';
import { INTERNAL_ERROR, problemAnswer, type Refusal } from './problem.ts';
import { createPublishRoutes } from './publish-routes.ts';
import { createReceiptRoutes } from './receipt-routes.ts';
import { createRequestLog } from './request-log.ts';
import { measureRequests } from './request-metrics.ts';
import { securityHeaders } from './security-headers.ts';

export interface ApplicationOptions {
  readonly publishMessages: PublishMessages;
  readonly readLogPage: ReadLogPage;
  readonly readReceipts: ReadReceipts;
  readonly readiness: Readiness;
  readonly registry: MetricsRegistry;
  readonly metrics: ApiMetrics;
  readonly logger: Logger;
  readonly crossOrigin: CrossOriginRules;
  readonly warnings: readonly string[];
  readonly limits: {
    readonly messageBodyBytesMax: number;
    readonly batchBodyBytesMax: number;
    readonly bodiesBytesMax: number;
  };
}

/** The whole HTTP surface: who may come in, then the routes, then the errors. */
export function createApplication(options: ApplicationOptions): Express {
  const { logger, limits } = options;
  const application = express();
  application.disable('x-powered-by');
  application.disable('etag');
  application.enable('case sensitive routing');

  application.use(createRequestLog(logger));
  application.use(measureRequests(options.metrics));
  application.use(securityHeaders);
  application.use(guardCrossOrigin(options.crossOrigin));

  application.use(
    createPublishRoutes({
      publishMessages: options.publishMessages,
      messageBodyBytesMax: limits.messageBodyBytesMax,
      batchBodyBytesMax: limits.batchBodyBytesMax,
      bodyBudget: { bytesMax: limits.bodiesBytesMax, bytes: 0 },
      onFailure: (error) => {
        logger.error({ err: errorForLog(error) }, 'a publish failed');
      },
    }),
  );
  application.use(createLogRoutes(options.readLogPage));
  application.use(createReceiptRoutes(options.readReceipts));
  application.use(createOperationsRoutes(options));
  application.use(createDocumentationRoutes());
  application.use(answerNotFound);
  application.use(answerError);
  return application;
}

const answerNotFound: RequestHandler = (_request, response) => {
  const detail = 'Messages are published by POST / and POST /messages. How to use this API: /docs';
  sendAnswer(response, problemAnswer({ code: 'not_found', detail }));
};

/** Express knows an error handler by its four parameters. */
const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  const refusal = refusalOf(error);
  if (refusal.code === 'internal_error') {
    response.err = error instanceof Error ? error : new Error('something was thrown that is no error');
  }
  if (response.headersSent) next(error);
  else sendAnswer(response, problemAnswer(refusal));
};

/** Errors of the framework about the request itself say so by their status: a URL that can't be decoded, mostly. */
function refusalOf(error: unknown): Refusal {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (status === 404) return { code: 'not_found', detail: 'There is nothing at this address.' };
  if (typeof status !== 'number' || status < 400 || status > 499) return INTERNAL_ERROR;
  return { code: 'validation_failed', detail: 'The address of the request is not well-formed.' };
}
