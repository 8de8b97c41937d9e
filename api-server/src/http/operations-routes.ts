import type { MetricsRegistry, Readiness } from '@postline/service-runtime';
import { Router } from 'express';
import { allowOnly } from './allow-only.ts';
import { jsonAnswer, sendAnswer } from './answer.ts';

export interface OperationsRoutesOptions {
  readonly readiness: Readiness;
  /** What whoever operates the service should know, in sentences. */
  readonly warnings: readonly string[];
  readonly registry: MetricsRegistry;
}

/** `GET /healthz`: the process lives. `GET /readyz`: its parts answer. `GET /metrics`: for Prometheus. */
export function createOperationsRoutes({ readiness, warnings, registry }: OperationsRoutesOptions): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/healthz', (_request, response) => {
    sendAnswer(response, jsonAnswer(200, { status: 'ok' }));
  });
  router.get('/readyz', async (_request, response) => {
    const { ready, parts } = await readiness.report();
    const status = ready ? 'ready' : 'not_ready';
    const headers: Record<string, string> = ready ? {} : { 'Retry-After': '1' };
    sendAnswer(response, jsonAnswer(ready ? 200 : 503, { status, parts, warnings }, headers));
  });
  router.get('/metrics', async (_request, response) => {
    const body = await registry.metrics();
    sendAnswer(response, { status: 200, headers: { 'Content-Type': registry.contentType }, body });
  });
  router.all(['/healthz', '/readyz', '/metrics'], allowOnly('GET', 'HEAD'));
  return router;
}
