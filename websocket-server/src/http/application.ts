import {
  createMetricsText,
  isHostAllowed,
  isProbe,
  lacksHost,
  type MetricsRegistry,
  type Readiness,
} from '@postline/service-runtime';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type Express, type Response } from 'express';
import helmet from 'helmet';
import type { RelaySettings } from '../configuration.ts';
import { serveClientScript } from './client-script.ts';
import type { Operations } from '../operations/operations.ts';
import { serveDocumentation } from './documentation.ts';
import { createOperationsAccess } from './operations/operations-access.ts';
import { serveOperations } from './operations/operations-routes.ts';
import { loadPage, type Page } from './page.ts';
import { hostOf } from './request-host.ts';

export interface HttpApplicationParts {
  readonly settings: RelaySettings;
  readonly readiness: Readiness;
  readonly metrics: MetricsRegistry;
  /** Undefined unless the operations page is on. */
  readonly operations?: Operations | undefined;
}

/** Plain HTTP on the relay's port: the page, probes and metrics. */
export function createHttpApplication({
  settings,
  readiness,
  metrics,
  operations,
}: HttpApplicationParts): RequestListener {
  const application = express();
  const metricsText = createMetricsText(metrics);
  application.disable('x-powered-by');
  application.set('etag', false);
  application.use(
    helmet({
      contentSecurityPolicy: { directives: { defaultSrc: ["'none'"] }, useDefaults: false },
      hsts: false,
    }),
  );
  application.use((request, response, next) => {
    const { auth, allowedHosts } = settings;
    if (isProbe(request)) next();
    else if (auth === 'open' && !isHostAllowed(allowedHosts, request.headers.host))
      answer(response, 403, 'this host name is not allowed in open mode (ALLOWED_HOSTS)');
    else if (lacksHost(request)) answer(response, 400, 'the request has no Host header');
    else next();
  });
  application.get('/healthz', (_request, response) => {
    response.json({ status: 'alive' });
  });
  application.get('/readyz', async (_request, response) => {
    const report = await readiness.report();
    response.status(report.status === 'not_ready' ? 503 : 200).json(report);
  });
  application.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metricsText());
  });
  serveClientScript(application);
  serveDocumentation(application);
  if (operations !== undefined)
    serveOperations(application, { operations, access: createOperationsAccess(settings) });
  if (settings.servePage) servePage(application, loadPage(settings));
  application.use((_request, response) => {
    answer(response, 404, 'not found; WebSocket connections are accepted on any path');
  });
  const routing: Routing = application;
  return (request, response) => {
    routing(request, response, (error) => {
      answerUnrouted(response, error);
    });
  };
}

/** Express as a function: without a last handler it answers errors, and addresses without a path (`http://[`), in HTML. */
type Routing = (
  request: IncomingMessage,
  response: ServerResponse,
  onUnrouted: (error?: unknown) => void,
) => unknown;

function answerUnrouted(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const isBadAddress = error === undefined;
  const body = isBadAddress ? 'this address is not well-formed\n' : 'internal error\n';
  response.statusCode = isBadAddress ? 400 : 500;
  // Not written yet: an answer to a request that is still being sent gets a header more.
  response
    .setHeader('Content-Type', 'text/plain')
    .setHeader('Content-Length', body.length)
    .setHeader('X-Content-Type-Options', 'nosniff')
    .end(body);
}

function servePage(application: Express, page: Page): void {
  application.get('/', (request, response) => {
    const host = hostOf(request);
    response
      .setHeader('Content-Security-Policy', page.contentSecurityPolicy(host))
      .setHeader('Cache-Control', 'no-cache')
      .type('html')
      .send(page.html(host));
  });
  for (const [path, { type, content }] of page.files) {
    application.get(path, (_request, response) => {
      response.setHeader('Cache-Control', 'no-cache').type(type).send(content);
    });
  }
}

function answer(response: Response, status: number, text: string): void {
  response.status(status).type('text/plain').send(`${text}\n`);
}
