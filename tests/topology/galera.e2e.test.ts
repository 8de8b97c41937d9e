/** A real Galera node, from the library that Debian's MariaDB brings with it. */
import {
  type DatabaseServer,
  galeraProvider,
  publish,
  startGaleraNode,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logLines, readinessOf, runAsRoot, type Services, startServices } from './topology-services.ts';

const NOTICED_WITHIN_MS = 5_000;
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
    const leave = "SET GLOBAL wsrep_cluster_address = 'gcomm://127.0.0.1:1'";
    await runAsRoot(node.port, leave).catch(() => undefined); // it ends the connections
    for (const service of [api, relay]) {
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
    expect((await publish(api.url, { targetId: 1, message: 'm' })).status).toBe(503);
  });
});
