import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

export type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
export { SpanKind, SpanStatusCode } from '@opentelemetry/api';

export interface RecordedSpans {
  readonly spanProcessors: SpanProcessor[];
  /** Those that have ended, in this order. */
  readonly ended: () => ReadableSpan[];
  /** The only one of this name. Throws if there is another number of them. */
  readonly only: (name: string) => ReadableSpan;
}

/** OpenTelemetry's exporter that keeps spans in memory. */
export function recordSpans(): RecordedSpans {
  const exporter = new InMemorySpanExporter();
  const ended = () => exporter.getFinishedSpans();
  return {
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ended,
    only: (name) => {
      const [span, ...others] = ended().filter((each) => each.name === name);
      if (span === undefined || others.length > 0) throw new Error(`not one span "${name}"`);
      return span;
    },
  };
}
