import { createMetricsText, type MetricsRegistry, type Readiness } from '@postline/service-runtime';
import { Router } from 'express';
import { allowOnly } from './allow-only.ts';
import { jsonAnswer, sendAnswer } from '../answers/answer.ts';

export interface OperationsRoutesOptions {
  readonly readiness: Readiness;
  readonly registry: MetricsRegistry;
}

/** `GET /healthz`: the process lives. `GET /readyz`: it can do its work. `GET /metrics`: for Prometheus. */
export function createOperationsRoutes({ readiness, registry }: OperationsRoutesOptions): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const metricsText = createMetricsText(registry);
  router.get('/healthz', (_request, response) => {
    sendAnswer(response, jsonAnswer(200, { status: 'ok' }));
  });
  router.get('/readyz', async (_request, response) => {
    const report = await readiness.report();
    if (report.status !== 'not_ready') sendAnswer(response, jsonAnswer(200, report));
    else sendAnswer(response, jsonAnswer(503, report, { 'Retry-After': '1' }));
  });
  router.get('/metrics', async (_request, response) => {
    const body = await metricsText();
    sendAnswer(response, { status: 200, headers: { 'Content-Type': registry.contentType }, body });
  });
  router.all(['/healthz', '/readyz', '/metrics'], allowOnly('GET', 'HEAD'));
  return router;
}
