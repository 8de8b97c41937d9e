import type { Logger } from '../logging/logger.ts';
import type { Tracing } from './tracing.ts';
import { isTracingOn, tracingProtocol, type TracingSettings } from './tracing-settings.ts';

export interface TracingParts {
  /** The default of `OTEL_SERVICE_NAME`. */
  readonly service: string;
  readonly logger: Logger;
}

/** Starts tracing, or returns undefined if no endpoint is set: then nothing of OpenTelemetry's SDK is loaded. */
export async function startTracing(
  env: TracingSettings,
  { service, logger }: TracingParts,
): Promise<Tracing | undefined> {
  if (!isTracingOn(env)) return undefined;
  const { createOtlpTracing } = await import('./otlp-tracing.ts');
  return createOtlpTracing({ service, logger, protocol: tracingProtocol(env) });
}
