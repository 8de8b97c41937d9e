import {
  publish,
  RelayClient,
  type ServiceProcess,
  startApi,
  startDatabase,
  startRelay,
  waitUntil,
  freshMetrics,
} from '@postline/test-support';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startSystem, type System } from './system.ts';

interface ToldReceipt {
  readonly deviceId: string | null;
  readonly offset: number;
  readonly epoch: string;
  readonly ackedAt: string;
}

async function readReceipts(api: ServiceProcess, targetId: string): Promise<readonly ToldReceipt[]> {
  const response = await fetch(`${api.url}/targets/${targetId}/receipts`);
  const body = (await response.json()) as { receipts: readonly ToldReceipt[] };
  return body.receipts;
}

/** What is stored, as `device: offset`; only the order is not what the test is about. */
async function storedAcks(api: ServiceProcess, targetId: string): Promise<string[]> {
  return (await readReceipts(api, targetId)).map(({ deviceId, offset }) => `${deviceId}: ${offset}`);
}

async function publishSome(api: ServiceProcess, targetId: string, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 1) await publish(api.url, { message: 'm', targetId });
}

/** A device that remembers nothing comes to a relay. */
function comeBack(relay: ServiceProcess, clientId: string, deviceId: string): Promise<RelayClient> {
  return RelayClient.identified(relay.url, { clientId, deviceId, resume: 'last-ack' });
}

const offsetsOf = (client: RelayClient) => client.messages().map(({ offset }) => offset);

async function startOf(client: RelayClient, clientId: string): Promise<unknown> {
  return ((await client.frame('identified'))['targets'] as Record<string, unknown>)[clientId];
}

async function metric(relay: ServiceProcess, name: string): Promise<number> {
  const text = await freshMetrics(relay.url);
  return Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'm').exec(text)?.[1]);
}

describe('acks, on one API and one relay', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(async () => {
    await system.stop();
  });

  it('[ACK-4] [ACK-7] two devices of a client go on each from its own last ack, and receipts tell', async () => {
    const { api, relay } = system;
    const [phone, tablet] = [await comeBack(relay, 'ann', 'phone'), await comeBack(relay, 'ann', 'tablet')];
    await publishSome(api, 'ann', 4);
    await Promise.all([phone.messagesOnceThereAre(4), tablet.messagesOnceThereAre(4)]);
    phone.send({ type: 'ack', offset: 3 });
    tablet.send({ type: 'ack', targetId: 'ann', offset: 1 });
    await Promise.all([phone.close(), tablet.close()]);

    const back = [await comeBack(relay, 'ann', 'phone'), await comeBack(relay, 'ann', 'tablet')] as const;
    expect(await startOf(back[0], 'ann')).toEqual({ offset: 3, head: 4, recovered: true });
    expect(await startOf(back[1], 'ann')).toEqual({ offset: 1, head: 4, recovered: true });
    await Promise.all([back[0].messagesOnceThereAre(1), back[1].messagesOnceThereAre(3)]);
    expect(back.map(offsetsOf)).toEqual([[4], [2, 3, 4]]);
    await Promise.all(back.map((client) => client.close()));

    const receipts = await readReceipts(api, 'ann');
    expect(receipts).toMatchObject([
      { clientId: 'ann', deviceId: 'phone', offset: 3 },
      { clientId: 'ann', deviceId: 'tablet', offset: 1 },
    ]);
    for (const { ackedAt } of receipts) {
      expect(Math.abs(Date.now() - Date.parse(ackedAt))).toBeLessThan(60_000);
    }
  });

  it('[ACK-1] [ACK-2] lower acks and bad ones change nothing that is stored', async () => {
    const { api, relay } = system;
    const client = await RelayClient.identified(relay.url, { clientId: 'bea' });
    await publishSome(api, 'bea', 3);
    await client.messagesOnceThereAre(3);
    client.send({ type: 'ack', offset: 2 });
    await waitUntil('it is stored', async () => (await storedAcks(api, 'bea')).length === 1);
    for (const ack of [{ offset: 1 }, { offset: 4 }, { offset: 1, targetId: 'ann' }, { offset: 0 }]) {
      client.send({ type: 'ack', ...ack });
    }
    await client.settled();
    expect(client.frames.filter(({ type }) => type === 'error')).toMatchObject([
      { code: 'bad_ack' },
      { code: 'bad_ack' },
    ]);
    await client.close();
    const later = await RelayClient.identified(relay.url, { clientId: 'bea' });
    later.send({ type: 'ack', offset: 3 }); // stored after all of those before it
    await waitUntil('the last one is stored', async () => (await storedAcks(api, 'bea'))[0] === 'null: 3');
    expect(await storedAcks(api, 'bea')).toEqual(['null: 3']);
    expect((await storedAcks(api, 'ann')).every((stored) => !stored.startsWith('null'))).toBe(true);
    await later.close();
  });

  it('[ACK-3] a thousand acks are a few writes', async () => {
    const { api, relay } = system;
    const client = await comeBack(relay, 'cleo', 'kiosk');
    const messages = Array.from({ length: 1_000 }, () => ({ message: 'm', targetId: 'cleo' }));
    await fetch(`${api.url}/messages/batch`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ messages }),
    });
    await client.messagesOnceThereAre(1_000);
    const before = await metric(relay, 'postline_ack_writes_total');
    for (let offset = 1; offset <= 1_000; offset += 1) client.send({ type: 'ack', offset });
    await waitUntil('the last one is stored', async () => {
      return (await storedAcks(api, 'cleo'))[0] === 'kiosk: 1000';
    });
    expect((await metric(relay, 'postline_ack_writes_total')) - before).toBeLessThan(20);
    expect(await metric(relay, 'postline_acks_kept_total')).toBeGreaterThanOrEqual(1_000);
    await client.close();
  });

  it('[ACK-4] a last ack without a device is a bad frame', async () => {
    const client = await RelayClient.connect(system.relay.url);
    client.send({ type: 'identify', clientId: 1, resume: 'last-ack' });
    expect(await client.closed()).toBe(4500);
  });
});

describe('acks, and services that end', () => {
  it('[ACK-4] a device without memory gets everything from its last ack on, whatever was restarted', async () => {
    const system = await startSystem();
    let { api, relay } = system;
    const first = await comeBack(relay, 'dan', 'kiosk');
    await publishSome(api, 'dan', 3);
    await first.messagesOnceThereAre(3);
    first.send({ type: 'ack', offset: 2 });
    await first.close();
    await publishSome(api, 'dan', 1);
    expect(await Promise.all([api.stop(), relay.stop()])).toEqual([0, 0]);
    api = await startApi(system.servers);
    await publishSome(api, 'dan', 1);
    relay = await startRelay(system.servers);
    const second = await comeBack(relay, 'dan', 'kiosk');
    expect(await startOf(second, 'dan')).toEqual({ offset: 2, head: 5, recovered: true });
    await second.messagesOnceThereAre(3);
    await publishSome(api, 'dan', 1);
    await second.messagesOnceThereAre(4);
    expect(offsetsOf(second)).toEqual([3, 4, 5, 6]);
    await second.close();
    await Promise.all([api.stop(), relay.stop()]);
    await system.database.drop();
  });

  it('[ACK-4] a device that never acked loses nothing, though its relay is killed the moment it is identified', async () => {
    const system = await startSystem();
    const { api, relay, servers } = system;
    await publishSome(api, 'eve', 2);
    const client = await comeBack(relay, 'eve', 'tv');
    expect(await startOf(client, 'eve')).toEqual({ offset: 2, head: 2, recovered: true });
    await relay.kill();
    await publishSome(api, 'eve', 2);
    const other = await startRelay(servers);
    const back = await comeBack(other, 'eve', 'tv');
    expect(await startOf(back, 'eve')).toEqual({ offset: 2, head: 4, recovered: true });
    await back.messagesOnceThereAre(2);
    expect(offsetsOf(back)).toEqual([3, 4]);
    expect(await storedAcks(api, 'eve')).toEqual([]);
    await back.close();
    expect(await other.stop()).toBe(0);
    await api.stop();
    await system.database.drop();
  });

  it('[ACK-3] SIGTERM: every ack that was given before is kept', async () => {
    const system = await startSystem({ ACK_WRITE_INTERVAL_MS: '60000' });
    const { api, relay } = system;
    const ids = Array.from({ length: 50 }, (_, index) => `many-${index}`);
    const clients = await Promise.all(
      ids.map((clientId) => RelayClient.identified(relay.url, { clientId, deviceId: 'd' })),
    );
    await Promise.all(ids.map((clientId) => publishSome(api, clientId, 1)));
    for (const client of clients) {
      await client.messagesOnceThereAre(1);
      client.send({ type: 'ack', offset: 1 });
      await client.settled();
    }
    expect(await storedAcks(api, 'many-7')).toEqual([]);
    expect(await relay.stop()).toBe(0);
    for (const clientId of ids) expect(await storedAcks(api, clientId)).toEqual(['d: 1']);
    await api.stop();
    await system.database.drop();
  });

  it('[ACK-2] two relays: an older ack that is written later does not undo a newer one', async () => {
    const system = await startSystem({ ACK_WRITE_INTERVAL_MS: '3000' });
    const { api, relay } = system;
    const quick = await startRelay(system.servers, { ACK_WRITE_INTERVAL_MS: '0' });
    const [slowly, quickly] = [await comeBack(relay, 'fay', 'd'), await comeBack(quick, 'fay', 'd')];
    await publishSome(api, 'fay', 5);
    await Promise.all([slowly.messagesOnceThereAre(5), quickly.messagesOnceThereAre(5)]);
    slowly.send({ type: 'ack', offset: 2 });
    await slowly.settled();
    quickly.send({ type: 'ack', offset: 4 });
    await waitUntil('the newer one is stored', async () => (await storedAcks(api, 'fay'))[0] === 'd: 4');
    expect(await metric(relay, 'postline_acks_waiting')).toBe(1);
    await slowly.close();
    await waitUntil('the older one was written', async () => {
      return (await metric(relay, 'postline_ack_writes_total')) === 1;
    });
    expect(await storedAcks(api, 'fay')).toEqual(['d: 4']);
    await quickly.close();
    expect(await quick.stop()).toBe(0);
    await system.stop();
  });
});

describe('acks, and a database that goes or is another one', () => {
  it('[ACK-6] after a new epoch the stream starts over at the last offset that both share, and says so', async () => {
    const system = await startSystem();
    const { api, relay } = system;
    const client = await comeBack(relay, 'gus', 'd');
    await publishSome(api, 'gus', 5);
    await client.messagesOnceThereAre(5);
    client.send({ type: 'ack', offset: 4 });
    await waitUntil('it is stored', async () => (await storedAcks(api, 'gus'))[0] === 'd: 4');

    // A backup without the last two messages, and a new epoch.
    const connection = await createConnection(system.database.url);
    await connection.query("DELETE FROM messages WHERE target_id = 'gus' AND `offset` > 3");
    await connection.query("UPDATE targets SET head = 3, epoch_start = 3 WHERE target_id = 'gus'");
    await connection.query("UPDATE log_epoch SET epoch = 'after-the-backup'");
    await connection.end();
    expect(await client.closed()).toBe(4003);
    await publishSome(api, 'gus', 1);

    const back = await comeBack(relay, 'gus', 'd');
    expect(await startOf(back, 'gus')).toEqual({ offset: 3, head: 4, recovered: false });
    await back.messagesOnceThereAre(1);
    back.send({ type: 'ack', offset: 4 });
    await waitUntil('it is of the new epoch', async () => {
      return (await readReceipts(api, 'gus'))[0]?.epoch === 'after-the-backup';
    });
    await back.close();
    const again = await comeBack(relay, 'gus', 'd');
    expect(await startOf(again, 'gus')).toEqual({ offset: 4, head: 4, recovered: true });
    await again.close();
    await system.stop();
  });

  it('[ACK-3] [ACK-4] while it is frozen acks wait and so does a last ack; afterwards nothing is missing', async () => {
    const server = await startDatabase();
    const { url: databaseUrl } = await server.createDatabase();
    const servers = { databaseUrl, redisUrl: inject('redisUrl'), redisPrefix: 'acks-frozen:' };
    const [api, relay] = [await startApi(servers), await startRelay(servers)];
    const client = await comeBack(relay, 'hal', 'd');
    await publishSome(api, 'hal', 3);
    await client.messagesOnceThereAre(3);
    server.freeze();
    client.send({ type: 'ack', offset: 2 });
    await client.settled();
    await client.close();
    const waiting = await RelayClient.connect(relay.url);
    waiting.send({ type: 'identify', clientId: 'hal', deviceId: 'd', resume: 'last-ack' });
    await waitUntil(
      'the relay has noticed',
      () => relay.process.output().includes("The database can't be used"),
      15_000,
    );
    await waiting.settled();
    expect(waiting.frames.map(({ type }) => type)).toEqual(['pong']);
    server.thaw();
    await waiting.frame('identified', 10_000);
    expect(await startOf(waiting, 'hal')).toEqual({ offset: 2, head: 3, recovered: true });
    expect((await waiting.messagesOnceThereAre(1))[0]).toMatchObject({ offset: 3 });
    expect(await storedAcks(api, 'hal')).toEqual(['d: 2']);
    await waiting.close();
    await Promise.all([api.stop(), relay.stop()]);
    await server.stop();
  });
});
