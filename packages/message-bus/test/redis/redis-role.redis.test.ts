import { askRedis, freePort, startRedis } from '@postline/test-support';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { redisFault } from '../../src/redis/redis-fault.ts';
import { requireMaster } from '../../src/redis/redis-role.ts';

const REPLICA = { kind: 'replica', text: 'Redis is a replica, not the master' };

it.each([
  ['by HELLO', []],
  ['by ROLE, where the server has no HELLO', ['--rename-command', 'HELLO', '']],
])('[BUS-8] a master is told from a replica %s', async (_, args) => {
  const server = await startRedis({ args });
  const client = new Redis(server.url);
  client.on('error', () => undefined);
  await requireMaster(client);
  await askRedis(server.port, `REPLICAOF 127.0.0.1 ${await freePort()}`);
  const error = await requireMaster(client).catch((fault: unknown) => fault);
  expect(redisFault(error)).toEqual(REPLICA);
  client.disconnect();
  await server.stop();
});

it('[BUS-8] a server that has neither command, as some proxies, counts as a master', async () => {
  const hidden = ['HELLO', 'ROLE'].flatMap((command) => ['--rename-command', command, '']);
  const server = await startRedis({ args: hidden });
  const client = new Redis(server.url);
  await requireMaster(client);
  client.disconnect();
  await server.stop();
});

it('[BUS-8] a connection with subscriptions is asked too', async () => {
  const server = await startRedis();
  const client = new Redis(server.url);
  await client.subscribe('a');
  await requireMaster(client);
  await askRedis(server.port, `REPLICAOF 127.0.0.1 ${await freePort()}`);
  await expect(requireMaster(client)).rejects.toThrow(REPLICA.text);
  client.disconnect();
  await server.stop();
});
