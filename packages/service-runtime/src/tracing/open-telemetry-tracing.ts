import {
  type Context,
  defaultTextMapGetter,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import { parseTraceParent, W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, type TracerConfig } from '@opentelemetry/sdk-trace-base';
import { withDeadline } from '../calls/deadline.ts';
import { VERSION } from '../version.ts';
import type { RecordedSpan, SpanAttributes, SpanStart, TraceHeaders, Tracing } from './tracing.ts';

/** A service that ends has more to close than this, and its spans are the least of it. */
const CLOSE_MS = 1_000;

const KINDS: Readonly<Record<SpanStart['kind'], SpanKind>> = {
  server: SpanKind.SERVER,
  internal: SpanKind.INTERNAL,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

const propagator = new W3CTraceContextPropagator();

/** Records spans with OpenTelemetry's SDK, which reads the sampler and the limits from the environment. */
export class OpenTelemetryTracing implements Tracing {
  readonly #provider: BasicTracerProvider;
  readonly #tracer: Tracer;

  constructor(config: Pick<TracerConfig, 'resource' | 'spanProcessors' | 'sampler'>) {
    this.#provider = new BasicTracerProvider(config);
    this.#tracer = this.#provider.getTracer('postline', VERSION);
  }

  start({ name, kind, parent, links = [], attributes = {}, startMs }: SpanStart): RecordedSpan | undefined {
    const span = this.#tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        links: links.flatMap(linkTo),
        attributes,
        ...(startMs === undefined ? {} : { startTime: startMs }),
      },
      contextOf(parent),
    );
    return span.isRecording() ? new OpenTelemetrySpan(span) : undefined;
  }

  async close(): Promise<void> {
    const what = 'exporting the last spans';
    await withDeadline(this.#provider.shutdown(), { what, milliseconds: CLOSE_MS }).catch(() => undefined);
  }
}

class OpenTelemetrySpan implements RecordedSpan {
  readonly traceparent: string;
  readonly #span: Span;

  constructor(span: Span) {
    this.#span = span;
    this.traceparent = traceparentOf(span.spanContext());
  }

  link(traceparent: string): void {
    this.#span.addLinks(linkTo(traceparent));
  }

  end({ error, attributes }: { readonly error?: string; readonly attributes?: SpanAttributes } = {}): void {
    if (attributes !== undefined) this.#span.setAttributes(attributes);
    if (error !== undefined) {
      this.#span.setAttribute('error.type', error);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

function contextOf(parent: TraceHeaders | string | undefined): Context {
  if (parent === undefined) return ROOT_CONTEXT;
  const headers = typeof parent === 'string' ? { traceparent: parent } : parent;
  return propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
}

/** None for a text that is no `traceparent`: hints come from the bus, where anyone may write. */
function linkTo(traceparent: string): Link[] {
  const context = parseTraceParent(traceparent);
  return context === null ? [] : [{ context: { ...context, isRemote: true } }];
}

function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
