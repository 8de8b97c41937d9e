import { fileURLToPath } from 'node:url';
import {
  type CollectedSpan,
  freePort,
  RelayClient,
  type ServiceProcess,
  startApi,
  startStandalone,
  startTraceCollector,
  type TraceCollector,
  waitUntil,
} from '@postline/test-support';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freshServers, startSystem } from './system.ts';

const MINUTE_MS = 60_000;
/** Each test starts two services or more. */
vi.setConfig({ testTimeout: 3 * MINUTE_MS });

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = `00-${TRACE}-b7ad6b7169203331-01`;
const SECRET = 'a secret';

/** Spans leave at once, and a failure is found soon. */
const SOON = {
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  OTEL_BSP_SCHEDULE_DELAY: '50',
};
const tracingTo = (url: string) => ({ ...SOON, OTEL_EXPORTER_OTLP_ENDPOINT: url });

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function collect(port?: number): Promise<TraceCollector> {
  const collector = await startTraceCollector(port);
  ends.push(() => collector.stop());
  return collector;
}

async function startTracedSystem(env: Record<string, string>) {
  const system = await startSystem(env);
  ends.push(() => system.stop());
  return system;
}

async function publishTraced(apiUrl: string, targetId: string): Promise<void> {
  const answer = await fetch(apiUrl, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', traceparent: CALLER },
    body: JSON.stringify({ message: SECRET, targetId }),
  });
  expect(answer.status).toBe(201);
}

async function listen(relayUrl: string, clientId: string): Promise<RelayClient> {
  const client = await RelayClient.identified(relayUrl, { clientId });
  ends.push(() => client.close());
  return client;
}

/** The span of this name, once it arrived. */
function collected(collector: TraceCollector, name: string): Promise<CollectedSpan> {
  const find = () => collector.spans().find((span) => span.name === name);
  return waitUntil(`the span "${name}" arrived`, find, MINUTE_MS);
}

async function expectOneTrace(collector: TraceCollector) {
  const request = await collected(collector, 'POST /');
  const commit = await collected(collector, 'commit');
  const hints = await collected(collector, 'publish hints');
  const send = await collected(collector, 'send messages');
  expect(request).toMatchObject({ kind: 2, traceId: TRACE, parentSpanId: 'b7ad6b7169203331' });
  expect(commit).toMatchObject({ traceId: TRACE, parentSpanId: request.spanId });
  expect(commit.links).toEqual([expect.objectContaining({ traceId: TRACE, spanId: request.spanId })]);
  expect(hints).toMatchObject({ kind: 4, traceId: TRACE, parentSpanId: request.spanId });
  expect(send).toMatchObject({ kind: 5, traceId: TRACE, parentSpanId: hints.spanId });
  expect(send.links).toEqual([expect.objectContaining({ traceId: TRACE, spanId: hints.spanId })]);
  return { request, send };
}

/** The levels of the lines about the collector. */
function outageLines({ process }: ServiceProcess): string[] {
  const lines = process
    .output()
    .split('\n')
    .filter((line) => line.includes('The trace collector'));
  return lines.map((line) => (JSON.parse(line) as { level: string }).level);
}

describe('a publish with traceparent', () => {
  it('[TRC-2] [TRC-3] [TRC-4] [TRC-6] is one trace, from its caller to the sockets of the relay', async () => {
    const collector = await collect();
    const env = { ...tracingTo(collector.url), OTEL_EXPORTER_OTLP_HEADERS: 'x-key=collector-key' };
    const system = await startTracedSystem(env);
    const client = await listen(system.relay.url, 'bob');
    await publishTraced(system.api.url, 'bob');
    const [frame] = await client.messagesOnceThereAre(1);
    expect(Object.keys(frame ?? {})).toEqual([
      'type',
      'id',
      'targetId',
      'offset',
      'epoch',
      'data',
      'createdAt',
    ]);

    const { request, send } = await expectOneTrace(collector);
    expect(request.service).toBe('postline-api-server');
    expect(send.service).toBe('postline-websocket-server');
    const bodies = collector.requests.map(({ body }) => body.toString()).join();
    expect(bodies).not.toMatch(/a secret|collector-key/);
    expect(collector.requests[0]?.headers['x-key']).toBe('collector-key');
    const logs = system.api.process.output() + system.relay.process.output();
    expect(logs).not.toContain('collector-key');
  });

  it('[TRC-2] [TRC-4] also where both services are one process', async () => {
    const collector = await collect();
    const standalone = await startStandalone({ ...tracingTo(collector.url), OTEL_SERVICE_NAME: 'shop' });
    ends.push(() => standalone.stop());
    const client = await listen(standalone.relayUrl, 'bob');
    await publishTraced(standalone.apiUrl, 'bob');
    await client.messagesOnceThereAre(1);
    const { request, send } = await expectOneTrace(collector);
    expect([request.service, send.service]).toEqual(['shop', 'shop']);
  });

  it('[TRC-2] [TRC-4] also with WORKERS', async () => {
    const collector = await collect();
    const system = await startTracedSystem({ ...tracingTo(collector.url), WORKERS: '2' });
    const client = await listen(system.relay.url, 'bob');
    await publishTraced(system.api.url, 'bob');
    await client.messagesOnceThereAre(1);
    await expectOneTrace(collector);
  });
});

describe('a collector', () => {
  it('[TRC-5] that is away delays nothing; each service says so once, and once when it is back', async () => {
    const port = await freePort();
    const system = await startTracedSystem(tracingTo(`http://127.0.0.1:${port}`));
    const services = [system.api, system.relay];
    const client = await listen(system.relay.url, 'bob');
    let published = 0;
    const publishUntil = async (fact: string, isTrue: () => boolean) => {
      await waitUntil(
        fact,
        async () => {
          await publishTraced(system.api.url, 'bob');
          published += 1;
          return isTrue();
        },
        MINUTE_MS,
      );
    };
    await publishUntil('both say so', () => services.every((service) => outageLines(service).length > 0));
    await collect(port);
    await publishUntil('both say that it is back', () =>
      services.every((service) => outageLines(service).length > 1),
    );
    expect(await client.messagesOnceThereAre(published)).toHaveLength(published);
    expect(services.map(outageLines)).toEqual([
      ['warn', 'info'],
      ['warn', 'info'],
    ]);
  });

  it('[TRC-5] that takes spans and never answers delays neither messages nor the end of a service', async () => {
    const collector = await collect();
    collector.answerWith('nothing');
    const longer = { OTEL_EXPORTER_OTLP_TIMEOUT: '60000', OTEL_BSP_EXPORT_TIMEOUT: '60000' };
    const { servers, database } = await freshServers();
    ends.push(() => database.drop());
    const api = await startApi(servers, { ...tracingTo(collector.url), ...longer });
    await publishTraced(api.url, 'bob');
    await waitUntil('an export hangs', () => collector.requests.length > 0, MINUTE_MS);
    await publishTraced(api.url, 'bob');
    expect(await api.stop()).toBe(0); // 1 if it had waited until SHUTDOWN_DEADLINE_MS
  });
});

describe('without a variable that switches tracing on', () => {
  const report = fileURLToPath(new URL('fixtures/report-modules.cjs', import.meta.url));

  it.each([
    { how: 'off', env: {}, files: /^OpenTelemetry files: 0$/m },
    { how: 'on', env: tracingTo('http://127.0.0.1:9'), files: /^OpenTelemetry files: [1-9]/m },
  ])('[TRC-1] nothing of the SDK is loaded ($how)', async ({ env, files }) => {
    const system = await startTracedSystem({ ...env, NODE_OPTIONS: `--require ${report}` });
    const client = await listen(system.relay.url, 'bob');
    await publishTraced(system.api.url, 'bob');
    await client.messagesOnceThereAre(1);
    for (const { stop, process } of [system.api, system.relay]) {
      expect(await stop()).toBe(0);
      expect(process.output()).toMatch(files);
    }
  });
});
