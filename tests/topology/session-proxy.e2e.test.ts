/** A proxy between service and database that does not keep the settings of sessions. */
import {
  createTestDatabase,
  publish,
  SetDroppingProxy,
  type TestDatabase,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { launchOn, logLines, readinessOf, startServices } from './topology-services.ts';

const NOTICED_WITHIN_MS = 5_000;

let database: TestDatabase;
let proxy: SetDroppingProxy;
beforeAll(async () => {
  database = await createTestDatabase(inject('databaseServerUrl'));
  proxy = await SetDroppingProxy.start(Number(new URL(database.url).port));
});
afterAll(async () => {
  await proxy.close();
  await database.drop();
});

it.each(['api-server', 'websocket-server'])(
  '[DBC-12] [OPS-17] %s does not start behind it',
  async (service) => {
    proxy.isDropping = true;
    const started = launchOn(service, proxy.urlThrough(database.url));
    expect(await started.ended).toBe(1);
    const lastLine = started.output().trim().split('\n').at(-1);
    expect(lastLine).toMatch(
      /^could not start: the database cannot be used: .*transaction_isolation is .*wait_timeout is \d+, not \d+; .*proxy/,
    );
  },
);

it('[DBC-12] [OPS-17] a proxy that begins to drop them while the services run: 503, one line, and the names in /readyz', async () => {
  proxy.isDropping = false;
  const services = await startServices(proxy.urlThrough(database.url), {
    DATABASE_CONNECTION_AGE_MS_MAX: '1000',
  });
  const { api, relay } = services;
  const post = () => publish(api.url, { targetId: 1, message: 'm' });
  expect((await post()).status).toBe(201);

  proxy.isDropping = true;
  for (const service of [api, relay]) {
    const state = await waitUntil(
      'it is not ready',
      async () => {
        const answer = await readinessOf(service);
        return answer.code === 503 && answer;
      },
      NOTICED_WITHIN_MS,
    );
    expect(state.parts.database.reason).toContain('wait_timeout');
  }
  expect(await post()).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });

  proxy.isDropping = false;
  await waitUntil('publishing works again', async () => (await post()).status === 201, NOTICED_WITHIN_MS);
  for (const service of [api, relay]) {
    await waitUntil('it is ready', async () => (await readinessOf(service)).code === 200, NOTICED_WITHIN_MS);
    expect(logLines(service.process, /^warn: The database can't be used/)).toHaveLength(1);
  }
  await services.stop();
});
