import {
  publish,
  RelayClient,
  type ServiceProcess,
  startApi,
  waitUntil,
  freshMetrics,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshServers, startSystem, type System } from './system.ts';

const WORKERS = { WORKERS: '2' };
const DRAIN_MS = 1_000;
const MINUTE_MS = 60_000;

/** The process ids of the workers that listen now, by what their service said. */
function workersOf({ process }: ServiceProcess): Set<number> {
  const pids = new Set<number>();
  for (const line of process.output().split('\n').filter(Boolean)) {
    const entry = JSON.parse(line) as { msg: string; workers?: number[]; pid?: number; worker?: number };
    if (entry.msg === 'workers listen') for (const pid of entry.workers ?? []) pids.add(pid);
    if (entry.msg === 'a worker died' && entry.pid !== undefined) pids.delete(entry.pid);
  }
  return pids;
}

const listened = ({ process }: ServiceProcess) => process.output().match(/"worker":.*"listening"/g)?.length;

async function metric({ url }: ServiceProcess, name: string): Promise<number> {
  const text = await freshMetrics(url);
  const samples = [...text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'gm'))];
  return samples.reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Each on a new connection, so that both workers get some of them. */
async function publishEach(api: ServiceProcess, targetIds: readonly string[]): Promise<number[]> {
  const answers = await Promise.all(
    targetIds.map((targetId) => publish(api.url, { message: `for ${targetId}`, targetId })),
  );
  return answers.map(({ status }) => status);
}

/** The status, over a new connection: they go to the workers in turn. */
async function askAnew(url: string): Promise<number> {
  return (await fetch(url, { headers: { Connection: 'close' } })).status;
}

describe('two workers for each service', { timeout: MINUTE_MS }, () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({
      ...WORKERS,
      LOG_LEVELS: 'warn',
      DRAIN_SECONDS: String(DRAIN_MS / 1_000),
    });
    await waitUntil('all listen', () => workersOf(system.api).size + workersOf(system.relay).size === 4);
  }, MINUTE_MS);
  afterAll(async () => {
    await system.stop();
  });

  const names = Array.from({ length: 20 }, (_, index) => `w${index}`);

  it('[OPS-5] they share the port, and their figures are told as one', async () => {
    const clients = await Promise.all(
      names.map((clientId) => RelayClient.identified(system.relay.url, { clientId })),
    );
    expect(await publishEach(system.api, names)).toEqual(names.map(() => 201));
    await waitUntil('all have theirs', () => clients.every((client) => client.messages().length === 1));
    expect(clients.map((client) => client.messages()[0]?.['data'])).toEqual(
      names.map((name) => `for ${name}`),
    );
    for (let time = 0; time < 4; time += 1) {
      expect(await metric(system.api, 'postline_published_messages_total')).toBe(names.length);
      expect(await metric(system.relay, 'postline_connections')).toBe(names.length);
    }
    await Promise.all(clients.map((client) => client.close()));
  });

  it('[STA-3] a misspelled setting is logged once, not by each worker', () => {
    for (const { process } of [system.api, system.relay])
      expect(process.output().match(/LOG_LEVELS: is not a setting; did you mean LOG_LEVEL/g)).toHaveLength(1);
  });

  it('[OPS-5] one that is killed takes its own connections along, and is replaced', async () => {
    const clients = await Promise.all(
      names.map((clientId) => RelayClient.identified(system.relay.url, { clientId })),
    );
    for (const service of [system.api, system.relay]) {
      const before = listened(service) ?? 0;
      const [victim = 0] = workersOf(service);
      process.kill(victim, 'SIGKILL');
      await waitUntil('another one listens', () => (listened(service) ?? 0) > before);
      expect(workersOf(service).has(victim)).toBe(false);
    }
    const lost = clients.filter((client) => client.closeCode !== undefined);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThan(clients.length);
    expect(await publishEach(system.api, names)).toEqual(names.map(() => 201));
    const kept = clients.filter((client) => client.closeCode === undefined);
    await waitUntil('those that stayed go on', () => kept.every((client) => client.messages().length === 1));
    await Promise.all(clients.map((client) => client.close()));
  });

  it('[OPS-5] [OPS-21] SIGTERM: every worker drains and closes in order, exit code 0', async () => {
    const client = await RelayClient.identified(system.relay.url, { clientId: 'last' });
    const start = performance.now();
    system.api.process.signal('SIGTERM');
    await waitUntil('both workers are not ready', async () => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => askAnew(`${system.api.url}/readyz`)));
      return answers.every((status) => status === 503);
    });
    expect(await publishEach(system.api, names)).toEqual(names.map(() => 201));
    expect(await system.api.process.ended).toBe(0);
    expect(performance.now() - start).toBeGreaterThan(DRAIN_MS);
    expect(await Promise.all([system.relay.stop(), system.api.stop()])).toEqual([0, 0]);
    expect(client.closeCode).toBe(1001);
    const closed = (service: ServiceProcess) => service.process.output().match(/"msg":"closed"/g)?.length;
    expect([closed(system.api), closed(system.relay)]).toEqual([3, 3]);
  });
});

it('[OPS-5] [OPS-1] where a worker can not start, the service says why and ends with exit code 1', async () => {
  const { servers, database } = await freshServers();
  const first = await startApi(servers);
  const second = startApi(servers, { ...WORKERS, PORT: String(first.port) });
  await expect(second).rejects.toThrow(
    /ended with 1:[^]*PORT: port \d+ of \S+ is taken[^]*a worker ended before it listened/,
  );
  await first.stop();
  await database.drop();
});
