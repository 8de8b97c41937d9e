import { Agent, get, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { RelayClient, type ServiceProcess, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSystem, type System } from './system.ts';

const DRAIN_MS = 2_000;
/** So that there are tens of attempts, and not thousands. */
const BETWEEN_ATTEMPTS_MS = 20;
/** From SIGTERM to the exit, in the contract. */
const EXIT_MS = 15_000;

let system: System;
beforeAll(async () => {
  system = await startSystem({ DRAIN_SECONDS: String(DRAIN_MS / 1_000) });
});
afterAll(() => system.stop());

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: string;
}

/** One request through `agent`, by default on a new connection that asks to be kept. */
function ask(
  url: string,
  body?: object,
  agent = new Agent({ keepAlive: true, maxSockets: 1 }),
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers = { 'Content-Type': 'application/json' };
    const asking = request(url, { method, agent, headers }, (response) => {
      const {
        statusCode: status,
        headers: { connection },
      } = response;
      text(response).then((content) => {
        agent.destroy();
        resolve({ status, connection, body: content });
      }, reject);
    });
    asking.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Sends SIGTERM; resolves when /readyz says so, with the time of the signal. */
async function startDraining({ process, url }: ServiceProcess): Promise<number> {
  const start = performance.now();
  process.signal('SIGTERM');
  await waitUntil('it is not ready', async () => (await ask(`${url}/readyz`)).status === 503);
  return start;
}

/** Calls `attempt` again and again until it fails: what it returned, and how long after `start` it failed. */
async function untilRefused<T>(
  start: number,
  attempt: () => Promise<T>,
): Promise<{ results: T[]; afterMs: number }> {
  const results: T[] = [];
  for (;;) {
    try {
      results.push(await attempt());
    } catch {
      return { results, afterMs: performance.now() - start };
    }
    await setTimeout(BETWEEN_ATTEMPTS_MS);
  }
}

it('[OPS-21] an API on SIGTERM: not ready at once, serves everything with Connection: close, then ends', async () => {
  const { api } = system;
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  const isAlive = await new Promise<string | undefined>((resolve, reject) => {
    get(`${api.url}/healthz`, { agent: kept }, (response) => {
      response.resume().once('end', () => {
        resolve(response.headers.connection);
      });
    }).on('error', reject);
  });
  expect(isAlive).toBe('keep-alive');

  const start = await startDraining(api);
  const readiness = await ask(`${api.url}/readyz`);
  expect([readiness.status, readiness.connection]).toEqual([503, 'close']);
  expect(readiness.body).toContain('The service is draining');
  expect((await ask(`${api.url}/healthz`)).status).toBe(200);
  const overKept = await ask(api.url, { message: 'over a kept connection', targetId: 1 }, kept);
  expect([overKept.status, overKept.connection]).toEqual([201, 'close']);

  const { results, afterMs } = await untilRefused(start, () => ask(api.url, { message: 'new', targetId: 1 }));
  expect(results.length).toBeGreaterThan(10);
  expect(new Set(results.map(({ status, connection }) => `${status} ${connection}`))).toEqual(
    new Set(['201 close']),
  );
  expect(afterMs).toBeGreaterThan(DRAIN_MS);
  expect(await api.process.ended).toBe(0);
  expect(performance.now() - start).toBeLessThan(EXIT_MS);
});

it('[OPS-21] [DEL-15] a relay on SIGTERM: not ready at once, accepts clients, then closes all with 1001', async () => {
  const { relay } = system;
  const early = await RelayClient.identified(relay.url, { clientId: 1 });
  const start = await startDraining(relay);
  const alive = await ask(`${relay.url}/healthz`);
  expect([alive.status, alive.connection]).toEqual([200, 'close']);

  const { results: late, afterMs } = await untilRefused(start, () => RelayClient.connect(relay.url));
  expect(late.length).toBeGreaterThan(10);
  expect(afterMs).toBeGreaterThan(DRAIN_MS);
  for (const client of [early, ...late]) expect(await client.closed(EXIT_MS)).toBe(1001);
  expect(await relay.process.ended).toBe(0);
  expect(performance.now() - start).toBeLessThan(EXIT_MS);
});
