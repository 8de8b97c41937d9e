/** A real Galera node, from the library that Debian's MariaDB brings with it. */
import {
  type DatabaseServer,
  galeraProvider,
  publish,
  RelayClient,
  startGaleraNode,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logLines, readinessOf, runAsRoot, type Services, startServices } from './topology-services.ts';

const NOTICED_WITHIN_MS = 5_000;
/** A relay that reads identifies a client within milliseconds. */
const LONG_ENOUGH_TO_READ_MS = 1_500;
const provider = galeraProvider();

describe.skipIf(provider === undefined)('Galera', () => {
  let node: DatabaseServer;
  let services: Services;
  beforeAll(async () => {
    node = await startGaleraNode(provider ?? '');
    const { url } = await node.createDatabase();
    services = await startServices(url);
  });
  afterAll(async () => {
    await services.stop();
    await node.stop();
  });

  it('[DBC-13] [OPS-17] warns that all services must use one node, in the log and in /readyz', async () => {
    for (const service of [services.api, services.relay]) {
      const answer = await readinessOf(service);
      expect(answer).toMatchObject({ code: 200, status: 'ready' });
      expect(answer.warnings.join()).toContain('wsrep_on is ON');
      expect(logLines(service.process, /wsrep_on/)).toHaveLength(1);
      expect(logLines(service.process, /a node of a Galera cluster$/)).toHaveLength(1);
    }
    expect((await publish(services.api.url, { targetId: 1, message: 'm' })).status).toBe(201);
  });

  it('[DBC-13] a node that has lost its cluster is as away', async () => {
    const { api, relay } = services;
    await leaveCluster(node);
    for (const service of [api, relay]) await noticed(service);
    expect((await publish(api.url, { targetId: 1, message: 'm' })).status).toBe(503);
  });
});

describe.skipIf(provider === undefined)('Galera with wsrep_dirty_reads=ON', () => {
  let node: DatabaseServer;
  let services: Services;
  let databaseUrl: string;
  beforeAll(async () => {
    node = await startGaleraNode(provider ?? '', ['--wsrep-dirty-reads=ON']);
    ({ url: databaseUrl } = await node.createDatabase());
    services = await startServices(databaseUrl);
  });
  afterAll(async () => {
    await services.stop();
    await node.stop();
  });

  it('[DBC-13] a node that has lost its cluster still answers others, and the services read nothing from it', async () => {
    const { api, relay } = services;
    const page = async () => (await fetch(`${api.url}/targets/1/messages`)).status;
    expect((await publish(api.url, { targetId: 1, message: 'm' })).status).toBe(201);
    expect(await page()).toBe(200);
    await leaveCluster(node);
    for (const service of [api, relay]) await noticed(service);

    const database = new URL(databaseUrl).pathname.slice(1);
    const rows = await runAsRoot(node.port, `SELECT message FROM ${database}.messages`);
    expect(rows).toEqual([{ message: 'm' }]); // a session with the server's own setting gets rows that may be old
    expect(await page()).toBe(503);
    const client = await RelayClient.connect(relay.url);
    client.send({ type: 'identify', clientId: 1 });
    await expect(client.frame('identified', LONG_ENOUGH_TO_READ_MS)).rejects.toThrow('identified');
    await client.close();
  });
});

/** The server goes on, and is no part of a cluster any more. */
async function leaveCluster({ port }: DatabaseServer): Promise<void> {
  const leave = "SET GLOBAL wsrep_cluster_address = 'gcomm://127.0.0.1:1'";
  await runAsRoot(port, leave).catch(() => undefined); // it ends the connections
}

/** Resolves when the service has said that its database is away. */
async function noticed(service: { readonly url: string }): Promise<void> {
  const reason = await waitUntil(
    'it is not ready',
    async () => {
      const { code, parts } = await readinessOf(service);
      return code === 503 && parts.database.reason;
    },
    NOTICED_WITHIN_MS,
  );
  expect(reason).toContain('the database is not ready');
}
