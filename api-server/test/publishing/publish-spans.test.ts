import { StoreUnavailableError } from '@postline/message-store';
import { decodeEnvelope } from '@postline/protocol';
import { OpenTelemetryTracing } from '@postline/service-runtime/open-telemetry';
import {
  type ReadableSpan,
  recordSpans,
  type RecordedSpans,
  SpanKind,
  SpanStatusCode,
  waitUntil,
} from '@postline/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import { GroupCommit, type GroupCommitLimits } from '../../src/publishing/group-commit.ts';
import { PublishSpans } from '../../src/publishing/publish-spans.ts';
import { oneMessage, ScriptedStore } from '../support/scripted-store.ts';
import { startTestApi, type TestApi, type TestApiOptions } from '../support/start-test-api.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = `00-${TRACE}-b7ad6b7169203331-01`;
const SECRET = 'the text of the message';

let api: TestApi | undefined;

afterEach(async () => {
  await api?.close();
  api = undefined;
});

/** An API that is traced, and the hints that it publishes. */
async function startTracedApi(options: TestApiOptions = {}) {
  const spans = recordSpans();
  const payloads: string[] = [];
  const publisher = {
    publish: (hints: readonly { frame: string }[]) => {
      payloads.push(...hints.map(({ frame }) => frame));
      return Promise.resolve();
    },
    notify: () => Promise.resolve(),
    checkReady: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  api = await startTestApi({ publisher, ...options, tracing: new OpenTelemetryTracing(spans) });
  return { spans, payloads };
}

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${api?.url ?? ''}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

const idOf = (spans: RecordedSpans, name: string) => spans.only(name).spanContext().spanId;

describe('a publish', () => {
  it('[TRC-2] has spans of the request, the commit and the hint, in the trace of its caller', async () => {
    const { spans } = await startTracedApi();
    const answer = await post('/', { message: SECRET, targetId: 'bob' }, { traceparent: CALLER });
    expect(answer.status).toBe(201);
    const request = spans.only('POST /');
    expect(spans.ended().map((span) => span.spanContext().traceId)).toEqual([TRACE, TRACE, TRACE]);
    expect(request.kind).toBe(SpanKind.SERVER);
    expect(request.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(request.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/',
      'http.response.status_code': 201,
    });
    expect(request.status.code).toBe(SpanStatusCode.UNSET);
    for (const name of ['commit', 'publish hints'])
      expect(spans.only(name).parentSpanContext?.spanId).toBe(idOf(spans, 'POST /'));
    expect(spans.only('commit').attributes).toEqual({
      'db.operation.batch.size': 1,
      'postline.commit.requests': 1,
    });
    expect(spans.only('publish hints').kind).toBe(SpanKind.PRODUCER);
    expect(spans.only('publish hints').attributes).toMatchObject({
      'messaging.destination.name': 'bob',
      'postline.offset': 1,
    });
  });

  it('[TRC-3] each hint of a batch carries the context of its publish', async () => {
    const { spans, payloads } = await startTracedApi();
    const messages = ['bob', 'ann', 'bob'].map((targetId) => ({ message: SECRET, targetId }));
    await post('/messages/batch', { messages }, { traceparent: CALLER });
    const expected = `00-${TRACE}-${idOf(spans, 'publish hints')}-01`;
    const hints = payloads.map((payload, index) => decodeEnvelope(messages[index]!.targetId, payload));
    expect(hints).toMatchObject(messages.map(({ targetId }) => ({ targetId, traceparent: expected })));
    expect(spans.only('publish hints').attributes).toMatchObject({ 'messaging.batch.message_count': 3 });
    expect(spans.only('POST /messages/batch').attributes).toMatchObject({ 'http.response.status_code': 201 });
  });

  it('[TRC-3] no hint carries a context that is not sampled', async () => {
    const { spans, payloads } = await startTracedApi();
    await post('/', { message: SECRET, targetId: 'bob' }, { traceparent: CALLER.replace(/01$/, '00') });
    expect(spans.ended()).toEqual([]);
    expect(decodeEnvelope('bob', payloads[0]!)).not.toHaveProperty('traceparent');
  });

  it('[TRC-2] that failed has a span with that status; one that was refused is no error of the service', async () => {
    const append = () => Promise.reject(new StoreUnavailableError('away', undefined));
    const { spans } = await startTracedApi({ store: { append } });
    await post('/', { message: SECRET, targetId: 'bob' });
    await post('/messages', { targetId: 'bob' });
    expect(spans.only('POST /').status.code).toBe(SpanStatusCode.ERROR);
    expect(spans.only('POST /').attributes).toMatchObject({ 'error.type': '503' });
    expect(spans.only('commit').status.code).toBe(SpanStatusCode.ERROR);
    expect(spans.only('POST /messages').status.code).toBe(SpanStatusCode.UNSET);
    expect(spans.only('POST /messages').attributes).toMatchObject({ 'http.response.status_code': 400 });
  });

  it('[TRC-6] no span has the text of a message, a key, a token or a query', async () => {
    const { spans } = await startTracedApi();
    const headers = {
      Authorization: 'Bearer secret',
      'Idempotency-Key': 'secret',
      'X-Request-Id': 'secret',
    };
    await post('/?secret', { message: SECRET, targetId: 'bob' }, headers);
    const recorded = spans.ended().map(({ name, attributes, events, status }) => {
      return JSON.stringify({ name, attributes, events, status });
    });
    expect(recorded).toHaveLength(3);
    for (const text of recorded) expect(text).not.toMatch(/secret|the text/);
  });
});

describe('a commit', () => {
  const LIMITS: GroupCommitLimits = {
    batchMessagesMax: 100,
    batchBytesMax: 100_000,
    waitingRequestsMax: 100,
    waitingBytesMax: 100_000,
    contendedRequestsMax: 10,
    deadlineMs: 60_000,
  };

  function tracedCommit() {
    const spans = recordSpans();
    const publishes = new PublishSpans(new OpenTelemetryTracing(spans));
    const store = new ScriptedStore();
    const commit = new GroupCommit({ store, limits: LIMITS, startSpan: publishes.startCommit });
    const start = () => publishes.startRequest({ headers: {}, method: 'POST', route: '/' });
    const appends = (count: number) =>
      waitUntil(`${count} appends`, () => store.appends.length === count || undefined);
    return { spans, store, commit, start, appends };
  }

  const idsOfLinks = ({ links }: ReadableSpan) => links.map(({ context }) => context.spanId);

  it('[TRC-2] of several publishes is one span, linked to and from each of them', async () => {
    const { spans, store, commit, start, appends } = tracedCommit();
    void commit.append(oneMessage('alone'));
    const requests = [start(), start(), start()];
    void commit.append(oneMessage('not traced'));
    for (const [index, request] of requests.entries())
      void commit.append(oneMessage(`traced ${index}`), request);
    await store.last().answer();
    await appends(2);
    await store.last().answer();
    for (const request of requests) request?.end(201);

    const shared = spans.only('commit'); // the first commit had no publish that is traced
    const ended = spans.ended().filter(({ name }) => name === 'POST /');
    expect(shared.attributes).toEqual({ 'db.operation.batch.size': 4, 'postline.commit.requests': 4 });
    expect(idsOfLinks(shared)).toEqual(ended.map((span) => span.spanContext().spanId));
    expect(shared.parentSpanContext?.spanId).toBe(idsOfLinks(shared)[0]);
    expect(ended.map(idsOfLinks)).toEqual([[], [shared.spanContext().spanId], [shared.spanContext().spanId]]);
  });
});
