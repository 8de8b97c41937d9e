import { OpenTelemetryTracing } from '@postline/service-runtime/open-telemetry';
import { recordSpans, RelayClient, SpanKind, waitUntil } from '@postline/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import { SendSpans } from '../../src/metrics/send-spans.ts';
import { startTestRelay, type TestRelay } from '../support/start-test-relay.ts';

const contextOf = (n: number) => {
  const digits = String(n);
  return {
    traceId: digits.padStart(32, 'a'),
    spanId: digits.padStart(16, 'b'),
    traceparent: `00-${digits.padStart(32, 'a')}-${digits.padStart(16, 'b')}-01`,
  };
};
const FIRST = contextOf(1);
const SECOND = contextOf(2);

describe('the spans of a turn', () => {
  it('[TRC-4] one for each target, linked to every publish and a child of the first', () => {
    const spans = recordSpans();
    const sends = new SendSpans(new OpenTelemetryTracing(spans));
    sends.onHinted({ targetId: 'bob', offset: 7, traceparent: FIRST.traceparent }, 1);
    sends.onHinted({ targetId: 'ann', offset: 1, traceparent: FIRST.traceparent }, 3);
    sends.onHinted({ targetId: 'bob', offset: 8, traceparent: FIRST.traceparent }, 2);
    sends.onHinted({ targetId: 'bob', offset: 9, traceparent: SECOND.traceparent }, 1);
    expect(spans.ended()).toEqual([]);
    sends.onWritten();
    sends.onWritten();

    const [bob, ann, ...others] = spans.ended();
    expect(others).toEqual([]);
    expect(bob?.kind).toBe(SpanKind.CONSUMER);
    expect(bob?.attributes).toMatchObject({
      'messaging.destination.name': 'bob',
      'messaging.batch.message_count': 3,
      'postline.offset': 7,
      'postline.offset.last': 9,
      'postline.connections': 2,
    });
    expect(bob?.parentSpanContext?.spanId).toBe(FIRST.spanId);
    expect(bob?.links.map(({ context }) => context.spanId)).toEqual([FIRST.spanId, SECOND.spanId]);
    expect(ann?.attributes).toMatchObject({ 'messaging.destination.name': 'ann', 'postline.connections': 3 });
  });

  it('[TRC-4] has at most 128 links', () => {
    const spans = recordSpans();
    const sends = new SendSpans(new OpenTelemetryTracing(spans));
    for (let offset = 1; offset <= 200; offset += 1)
      sends.onHinted({ targetId: 'bob', offset, traceparent: contextOf(offset).traceparent }, 1);
    sends.onWritten();
    expect(spans.only('send messages').links).toHaveLength(128);
    expect(spans.only('send messages').attributes).toMatchObject({ 'messaging.batch.message_count': 200 });
  });
});

describe('a relay', () => {
  let relay: TestRelay;
  afterEach(() => relay.close());

  it.each([1, 3])('[TRC-3] [TRC-4] %i connections: a span, and frames without the context', async (count) => {
    const spans = recordSpans();
    relay = await startTestRelay({}, undefined, new OpenTelemetryTracing(spans));
    const clients = await Promise.all(
      Array.from({ length: count }, () => RelayClient.identified(relay.url, { clientId: 'bob' })),
    );
    await relay.publish('bob', 'not traced');
    const frame = await relay.publishTraced('bob', 'traced', FIRST.traceparent);
    for (const client of clients) {
      expect((await client.messagesOnceThereAre(2))[1]).toEqual(JSON.parse(frame));
    }
    await waitUntil('the span has ended', () => spans.ended().length > 0);
    expect(spans.only('send messages').attributes).toMatchObject({
      'postline.offset': 2,
      'postline.connections': count,
    });
    expect(spans.only('send messages').links.map(({ context }) => context.traceId)).toEqual([FIRST.traceId]);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('[TRC-4] without tracing, a context in a hint changes nothing', async () => {
    relay = await startTestRelay();
    const client = await RelayClient.identified(relay.url, { clientId: 'bob' });
    const frame = await relay.publishTraced('bob', 'traced', FIRST.traceparent);
    expect(await client.messagesOnceThereAre(1)).toEqual([JSON.parse(frame)]);
    await client.close();
  });
});
