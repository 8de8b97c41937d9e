/** MySQL Group Replication of the image of docker-compose.yml: what is refused, and a failover under load. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PostlineClient } from '@postline/client';
import {
  launch,
  publish,
  type RealServers,
  type RedisServer,
  serverEnvironment,
  startApi,
  startRedis,
  startRelay,
  TcpProxy,
  waitUntil,
} from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GroupMember, type ReplicationGroup, startReplicationGroup } from './replication-group.ts';

const TARGET = 'reader';
const MESSAGES_BETWEEN = 300;
const PAUSE_MS = 5;
/** How often the address looks for the primary, as MySQL Router does. */
const LOOK_EVERY_MS = 200;
const FAILED_OVER_MS = 90_000;
const ARRIVED_MS = 30_000;

let group: ReplicationGroup;
let redis: RedisServer;
/** Leads to the primary. */
let address: TcpProxy;
let servers: RealServers;
let primary: GroupMember;

beforeAll(async () => {
  [group, redis] = await Promise.all([startReplicationGroup(), startRedis()]);
  [primary] = group.members as [GroupMember];
  await primary.run('CREATE DATABASE shop');
  address = await TcpProxy.start(primary.port);
  servers = {
    databaseUrl: `mysql://root@127.0.0.1:${address.port}/shop`,
    redisUrl: redis.url,
    redisPrefix: '',
  };
});
afterAll(async () => {
  await address.close();
  await Promise.all([group.remove(), redis.stop()]);
});

async function endOfStart(service: string): Promise<{ code: unknown; lastLine: string }> {
  const started = launch(service, { ...serverEnvironment(servers), PORT: '0' });
  const code = await started.ended;
  return { code, lastLine: started.output().trim().split('\n').at(-1) ?? '' };
}

it.each(['api-server', 'websocket-server'])(
  '[DBC-12] [OPS-17] %s refuses a group whose consistency is EVENTUAL, by the name of the setting',
  async (service) => {
    await primary.run("SET GLOBAL group_replication_consistency = 'EVENTUAL'");
    const { code, lastLine } = await endOfStart(service);
    await primary.run("SET GLOBAL group_replication_consistency = 'BEFORE_ON_PRIMARY_FAILOVER'");
    expect(code).toBe(1);
    expect(lastLine).toContain('group_replication_consistency is EVENTUAL');
  },
);

it('[DBC-12] [OPS-17] a group with several primaries is refused, by the name of the setting', async () => {
  await primary.run('SELECT group_replication_switch_to_multi_primary_mode()');
  const { code, lastLine } = await endOfStart('api-server');
  const [row] = await primary.run('SELECT @@server_uuid AS id');
  await primary.run(`SELECT group_replication_switch_to_single_primary_mode('${String(row?.['id'])}')`);
  expect(code).toBe(1);
  expect(lastLine).toContain('group_replication_single_primary_mode is OFF');
});

it('[DBC-12] [REL-1] its primary is killed under load: what was acknowledged arrives once, in order', async () => {
  const api = await startApi(servers);
  const relay = await startRelay(servers);
  expect(api.process.output()).toContain('in a replication group with one primary');
  const received: string[] = [];
  const reader = new PostlineClient({ url: relay.url, clientId: TARGET, resume: 'start' });
  reader.on('message', ({ data }) => received.push(data));
  const publisher = new Publisher(api.url);
  await publisher.more(MESSAGES_BETWEEN);

  const [killed, survivor] = group.members as [GroupMember, GroupMember];
  await killed.kill();
  const killedAtMs = performance.now();
  const next = await waitUntil(
    'another member is the primary',
    async () => {
      const found = await group.primaryFor(survivor).catch(() => undefined);
      if (found === undefined || found === killed) await sleep(LOOK_EVERY_MS);
      return found === killed ? undefined : found;
    },
    FAILED_OVER_MS,
  );
  address.redirect(next.port);
  const electedAtMs = performance.now();
  await publisher.more(1);
  const acceptedAtMs = performance.now();
  await publisher.more(MESSAGES_BETWEEN);

  const acknowledged = await publisher.stop();
  await waitUntil('all have arrived', () => received.length >= acknowledged.length, ARRIVED_MS);
  expect(received).toEqual(acknowledged);
  expect(await group.onlineFor(survivor)).toBe(2);
  console.log(
    [
      `another primary ${(electedAtMs - killedAtMs).toFixed(0)} ms after the kill`,
      `the next message acknowledged ${(acceptedAtMs - electedAtMs).toFixed(0)} ms later`,
      `${acknowledged.length} acknowledged, ${publisher.refused} answers without 201 meanwhile, lost 0`,
    ].join('; '),
  );
  await reader.close();
  await Promise.all([api.stop(), relay.stop()]);
});

/** Publishes one message after the other, each with a key until it is acknowledged, so that the order is known. */
class Publisher {
  /** Answers other than 201, and requests without an answer. */
  refused = 0;
  readonly #apiUrl: string;
  readonly #acknowledged: string[] = [];
  readonly #publishing: Promise<void>;
  #isStopped = false;

  constructor(apiUrl: string) {
    this.#apiUrl = apiUrl;
    this.#publishing = this.#run();
  }

  /** Resolves when this many more messages are acknowledged. */
  async more(count: number): Promise<void> {
    const until = this.#acknowledged.length + count;
    await waitUntil(`${count} more`, () => this.#acknowledged.length >= until, FAILED_OVER_MS);
  }

  /** All that were acknowledged, in order. */
  async stop(): Promise<readonly string[]> {
    this.#isStopped = true;
    await this.#publishing;
    return this.#acknowledged;
  }

  async #run(): Promise<void> {
    for (let number = 0; !this.#isStopped; number += 1) {
      const message = `m.${number}`; // also its key
      while (!(await this.#isAccepted(message))) {
        this.refused += 1;
        await sleep(PAUSE_MS);
      }
      this.#acknowledged.push(message);
      await sleep(PAUSE_MS);
    }
  }

  async #isAccepted(message: string): Promise<boolean> {
    const answer = await publish(this.#apiUrl, { message, targetId: TARGET }, message).catch(() => undefined);
    return answer?.status === 201;
  }
}
