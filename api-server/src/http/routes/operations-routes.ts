import { createMetricsText, type MetricsRegistry, type Readiness } from '@postline/service-runtime';
import { type HttpAnswer, jsonAnswer } from '../answers/answer.ts';
import type { Route } from './route.ts';

export interface OperationsRoutesOptions {
  readonly readiness: Readiness;
  readonly registry: MetricsRegistry;
}

/** `GET /healthz`: the process is alive. `GET /readyz`: it can do its work. `GET /metrics`: for Prometheus. */
export function createOperationsRoutes({ readiness, registry }: OperationsRoutesOptions): readonly Route[] {
  const metricsText = createMetricsText(registry);
  const health = jsonAnswer(200, { status: 'ok' });
  return [
    operationsRoute('/healthz', () => Promise.resolve(health)),
    operationsRoute('/readyz', async () => {
      const report = await readiness.report();
      return report.status === 'not_ready'
        ? jsonAnswer(503, report, { 'Retry-After': '1' })
        : jsonAnswer(200, report);
    }),
    operationsRoute('/metrics', async () => {
      const body = await metricsText();
      return { status: 200, headers: { 'Content-Type': registry.contentType }, body };
    }),
  ];
}

function operationsRoute(path: string, answer: () => Promise<HttpAnswer>): Route {
  return { method: 'GET', path, label: path, answer };
}
