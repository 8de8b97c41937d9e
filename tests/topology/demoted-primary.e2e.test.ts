/** Two MariaDBs behind one address, as a failover leaves them: the old primary stays up, and takes no writes. */
import { migrate } from '@postline/message-store/mysql';
import {
  type DatabaseServer,
  publish,
  RelayClient,
  startDatabase,
  TcpProxy,
  waitUntil,
} from '@postline/test-support';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import {
  launchOn,
  listeningUrl,
  logLines,
  readinessOf,
  runAsRoot,
  type Services,
  startServices,
} from './topology-services.ts';

const MIGRATIONS = new URL('../../db/migrations/', import.meta.url);
/** Checks come every two seconds. */
const NOTICED_WITHIN_MS = 5_000;
/** May not write to a server that is read-only; root may. */
const APP_USER = 'app';

let old: DatabaseServer;
let next: DatabaseServer;
let address: TcpProxy;
let services: Services | undefined;

beforeAll(async () => {
  [old, next] = await Promise.all([startDatabase(['--server-id=1']), startDatabase(['--server-id=2'])]);
  for (const { port, url } of [old, next]) {
    await runAsRoot(
      port,
      'CREATE DATABASE shop',
      `CREATE USER ${APP_USER}@'%'`,
      `GRANT ALL ON shop.* TO ${APP_USER}@'%'`,
    );
    await migrate({ databaseUrl: `${url}/shop`, folder: MIGRATIONS });
  }
  address = await TcpProxy.start(old.port);
});
afterEach(async () => {
  await services?.stop();
  services = undefined;
  await runAsRoot(old.port, 'SET GLOBAL read_only = 0');
  address.redirect(old.port);
});
afterAll(async () => {
  await address.close();
  await Promise.all([old.stop(), next.stop()]);
});

const urlFor = (user: string) => `mysql://${user}@127.0.0.1:${address.port}/shop`;
const demote = () => runAsRoot(old.port, 'SET GLOBAL read_only = 1');
const post = (url: string, targetId: string) => publish(url, { targetId, message: 'm' });

it.each([
  ['a user who may not write to it', APP_USER],
  ['root, who may', 'root'],
])(
  '[DBC-11] [OPS-17] a demoted primary is left while running, with kept connections: %s',
  async (_, user) => {
    services = await startServices(urlFor(user), { DATABASE_CONNECTION_AGE_MS_MAX: '60000' });
    const { api, relay } = services;
    const reader = await RelayClient.identified(relay.url, { clientId: user });
    expect((await post(api.url, user)).status).toBe(201);
    await reader.messagesOnceThereAre(1);

    await demote();
    const demotedAtMs = performance.now();
    await waitUntil(
      'the API is not ready',
      async () => (await readinessOf(api)).code === 503,
      NOTICED_WITHIN_MS,
    );
    await waitUntil(
      'the relay is degraded',
      async () => (await readinessOf(relay)).status === 'degraded',
      NOTICED_WITHIN_MS - (performance.now() - demotedAtMs),
    );
    expect(await post(api.url, user)).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
    expect((await readinessOf(api)).parts.database.reason).toContain('read-only');
    const degraded = await readinessOf(relay);
    expect(degraded).toMatchObject({ code: 200, parts: { database: { status: 'up' } } });
    expect(degraded.warnings.join()).toContain('read_only is on');
    const late = await RelayClient.identified(relay.url, { clientId: user, resume: 'start' });
    await late.messagesOnceThereAre(1); // a relay goes on delivering

    address.redirect(next.port); // the other is the primary now
    await waitUntil(
      'the API works',
      async () => (await post(api.url, user)).status === 201,
      NOTICED_WITHIN_MS,
    );
    await waitUntil(
      'both are ready',
      async () => {
        const states = await Promise.all([readinessOf(api), readinessOf(relay)]);
        return states.every(({ status }) => status === 'ready');
      },
      NOTICED_WITHIN_MS,
    );
    for (const service of [api, relay]) {
      const found = () => logLines(service.process, /^info: The database is/);
      await waitUntil('the other server is logged', () => found().length === 2, NOTICED_WITHIN_MS);
      expect(found()[0]).toMatch(/^info: The database is MariaDB [\d.]+$/);
      expect(found()[1]).toMatch(/^info: The database is another server now: MariaDB [\d.]+$/);
    }
    expect(logLines(api.process, /^warn: The database can't be used/)).toHaveLength(1);
    expect(logLines(relay.process, /^warn: The database takes no writes/)).toHaveLength(1);
    await Promise.all([reader.close(), late.close()]);
  },
);

it('[DBC-11] [OPS-10] a start on a server that takes no writes waits for one that does, and probes are answered', async () => {
  await demote();
  const api = launchOn('api-server', urlFor(APP_USER));
  const relay = launchOn('websocket-server', urlFor(APP_USER));
  const [apiUrl, relayUrl] = await Promise.all(
    [api, relay].map((service) => waitUntil('it listens', () => listeningUrl(service))),
  );
  await waitUntil('the API waits', () => logLines(api, /waiting for it: .*read-only/).length > 0);
  await waitUntil(
    'the relay is degraded',
    async () => (await readinessOf({ url: relayUrl! })).status === 'degraded',
  );
  expect(await readinessOf({ url: apiUrl! })).toMatchObject({ code: 503, status: 'not_ready' });
  expect((await fetch(`${apiUrl}/healthz`)).status).toBe(200);

  await runAsRoot(old.port, 'SET GLOBAL read_only = 0');
  for (const url of [apiUrl!, relayUrl!]) {
    await waitUntil(
      'it is ready',
      async () => (await readinessOf({ url })).status === 'ready',
      NOTICED_WITHIN_MS,
    );
  }
  expect(await Promise.all([api.end(), relay.end()])).toEqual([0, 0]);
});
