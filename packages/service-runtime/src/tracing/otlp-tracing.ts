import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions';
import { randomUUID } from 'node:crypto';
import type { Logger } from '../logging/logger.ts';
import { VERSION } from '../version.ts';
import { OpenTelemetryTracing } from './open-telemetry-tracing.ts';
import type { Tracing } from './tracing.ts';
import type { TracingProtocol } from './tracing-settings.ts';
import { WatchedExporter } from './watched-exporter.ts';

export interface OtlpTracingOptions {
  readonly service: string;
  readonly protocol: TracingProtocol;
  readonly logger: Logger;
}

/**
 * Exports spans to a collector, in batches and in the background. The queue is bounded (`OTEL_BSP_MAX_QUEUE_SIZE`, 2,048
 * spans): if the collector is away or slow, further spans are dropped. The exporter reads its variables itself.
 */
export async function createOtlpTracing({ service, protocol, logger }: OtlpTracingOptions): Promise<Tracing> {
  const exporter = new WatchedExporter(await createExporter(protocol), logger);
  const own = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: service,
    [ATTR_SERVICE_VERSION]: VERSION,
    [ATTR_SERVICE_INSTANCE_ID]: randomUUID(),
  });
  const resource = own.merge(detectResources({ detectors: [envDetector] })); // the environment wins
  return new OpenTelemetryTracing({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
}

async function createExporter(protocol: TracingProtocol): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter();
}
