/** A database that takes connections and never says anything, as one that is frozen, or a firewall. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launchOn, listeningUrl, readinessOf } from './topology-services.ts';

/** A service listens within a second; then each probe is answered in less than the time-out of a probe. */
const LISTENS_WITHIN_MS = 10_000;
const PROBE_MS = 1_000;

let silent: Server;
beforeAll(async () => {
  silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterAll(() => {
  silent.close();
});

it.each([
  ['api-server', {}],
  ['websocket-server', { WORKERS: '2' }],
  ['standalone', { API_PORT: '0', RELAY_PORT: '0' }],
])(
  '[OPS-10] %s %o answers probes from the first moment, while its database says nothing',
  async (name, env) => {
    const { port } = silent.address() as AddressInfo;
    const service = launchOn(name, `mysql://root@127.0.0.1:${port}/shop`, env);
    const url = await waitUntil('it listens', () => listeningUrl(service), LISTENS_WITHIN_MS);
    const startMs = performance.now();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(await readinessOf({ url })).toMatchObject({
      code: 503,
      status: 'not_ready',
      parts: { database: { status: 'down' } },
    });
    expect(performance.now() - startMs).toBeLessThan(2 * PROBE_MS);
    expect(await service.end()).toBe(0);
  },
);
