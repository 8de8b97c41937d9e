import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { recordSpans } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import { OpenTelemetryTracing } from '../../src/tracing/open-telemetry-tracing.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = `00-${TRACE}-b7ad6b7169203331-01`;
const UNSAMPLED = `00-${TRACE}-b7ad6b7169203331-00`;

function tracingInMemory() {
  const spans = recordSpans();
  return { spans, tracing: new OpenTelemetryTracing(spans) };
}

describe('a span', () => {
  it('[TRC-2] is a child of the caller, by its header', () => {
    const { spans, tracing } = tracingInMemory();
    const headers = { traceparent: CALLER, tracestate: 'vendor=1' };
    const span = tracing.start({ name: 'a', kind: 'server', parent: headers });
    span?.end({ attributes: { n: 1 } });
    const recorded = spans.only('a');
    expect(recorded.spanContext().traceId).toBe(TRACE);
    expect(recorded.spanContext().traceState?.serialize()).toBe('vendor=1');
    expect(recorded.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(recorded.kind).toBe(SpanKind.SERVER);
    expect(recorded.attributes).toEqual({ n: 1 });
    expect(span?.traceparent).toBe(`00-${TRACE}-${recorded.spanContext().spanId}-01`);
  });

  it.each([
    undefined,
    '',
    'x',
    CALLER.toUpperCase(),
    `${CALLER}, ${CALLER}`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    CALLER.replace('00-', 'ff-'),
  ])('[TRC-2] with the header %j it begins a trace', (traceparent) => {
    const { spans, tracing } = tracingInMemory();
    tracing.start({ name: 'a', kind: 'server', parent: { traceparent } })?.end();
    expect(spans.only('a').parentSpanContext).toBeUndefined();
    expect(spans.only('a').spanContext().traceId).not.toBe(TRACE);
  });

  it('[TRC-2] is not recorded where the caller or the sampler leaves the trace out', () => {
    const { tracing } = tracingInMemory();
    expect(tracing.start({ name: 'a', kind: 'server', parent: { traceparent: UNSAMPLED } })).toBeUndefined();
    const off = new OpenTelemetryTracing({ ...recordSpans(), sampler: new AlwaysOffSampler() });
    expect(off.start({ name: 'a', kind: 'server' })).toBeUndefined();
  });

  it('[TRC-4] has links, before and after its start; what is no context is left out', () => {
    const { spans, tracing } = tracingInMemory();
    const span = tracing.start({ name: 'a', kind: 'consumer', links: [CALLER, 'from anyone'] });
    span?.link(CALLER);
    span?.link('from anyone');
    span?.end();
    expect(spans.only('a').links.map(({ context: { traceId } }) => traceId)).toEqual([TRACE, TRACE]);
  });

  it('[TRC-2] that failed has the status and the kind of error', () => {
    const { spans, tracing } = tracingInMemory();
    tracing.start({ name: 'a', kind: 'internal' })?.end({ error: '503' });
    expect(spans.only('a').status).toEqual({ code: SpanStatusCode.ERROR });
    expect(spans.only('a').attributes).toEqual({ 'error.type': '503' });
  });
});
