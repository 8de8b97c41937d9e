import { execFileSync } from 'node:child_process';
import { type Cursor, type CursorStore, PostlineClient, type Restart } from '@postline/client';
import {
  findProgram,
  publish,
  RelayClient,
  startApi,
  startDatabase,
  startRelay,
  TcpProxy,
  waitUntil,
} from '@postline/test-support';
import { createConnection } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { freshServers, startSystem } from './system.ts';

/** Two servers, a copy of the one, and a relay and an API beside them: on a busy machine that takes a while. */
const TWO_SERVERS_MS = 60_000;

const send = async (apiUrl: string, targetId: string, ...texts: readonly string[]) => {
  for (const message of texts) expect((await publish(apiUrl, { message, targetId })).status).toBe(201);
};

const texts = (frames: readonly Readonly<Record<string, unknown>>[]) => frames.map((frame) => frame['data']);

/** What a failover to a server that lacks the last commits leaves of a log. */
async function takeBack(databaseUrl: string, targetId: string, head: number): Promise<void> {
  const connection = await createConnection(databaseUrl);
  await connection.query('DELETE FROM messages WHERE target_id = ? AND `offset` > ?', [targetId, head]);
  await connection.query('UPDATE targets SET head = ? WHERE target_id = ?', [head, targetId]);
  await connection.end();
}

it('[EPO-4] [EPO-5] [DEL-4] commits that are lost and replaced are noticed, and everybody is told', async () => {
  const system = await startSystem();
  const { url: databaseUrl } = system.database;
  const connected = await RelayClient.identified(system.relay.url, { clientId: 'one' });
  await send(system.api.url, 'one', ...['1', '2', '3', '4', '5', '6', '7', '8']);
  const seen = await connected.messagesOnceThereAre(8);
  const { epoch: oldEpoch } = await connected.frame('identified');
  await takeBack(databaseUrl, 'one', 5);
  await send(system.api.url, 'one', ...['new 6', 'new 7', 'new 8', 'new 9']);
  expect(await connected.closed()).toBe(4003);

  // It has only the old epoch and its offset, and the new rows have caught up with it meanwhile.
  const resume = { epoch: String(oldEpoch), offsets: { one: 8 } };
  const back = await RelayClient.identified(system.relay.url, { clientId: 'one', resume });
  const identified = await back.frame('identified');
  expect(identified['epoch']).not.toBe(oldEpoch);
  expect(identified).toMatchObject({ targets: { one: { head: 9, recovered: false } } });
  const page = await fetch(`${system.api.url}/targets/one/messages?after=8&epoch=${String(oldEpoch)}`);
  expect(await page.json()).toMatchObject({ recovered: false, head: 9 });
  expect(texts(await back.messagesOnceThereAre(9)).slice(-4)).toEqual(['new 6', 'new 7', 'new 8', 'new 9']);
  expect(texts(seen)).toContain('8');

  // Of a target that nobody followed meanwhile, only a client that says which message it has can be told.
  const { epoch } = identified;
  await send(system.api.url, 'two', ...['1', '2', '3']);
  const other = await RelayClient.identified(system.relay.url, {
    clientId: 'two',
    resume: { epoch: String(epoch), offsets: { two: 0 } },
  });
  const last = (await other.messagesOnceThereAre(3))[2]!;
  await other.close();
  await takeBack(databaseUrl, 'two', 1);
  await send(system.api.url, 'two', ...['new 2', 'new 3']);
  const at = { two: { id: String(last['id']), createdAt: String(last['createdAt']) } };
  const returning = await RelayClient.identified(system.relay.url, {
    clientId: 'two',
    resume: { epoch: String(epoch), offsets: { two: 3 }, at },
  });
  expect(await returning.frame('identified')).toMatchObject({
    targets: { two: { offset: 0, head: 3, recovered: false } },
  });
  expect(texts(await returning.messagesOnceThereAre(3))).toEqual(['1', 'new 2', 'new 3']);
  await Promise.all([back.close(), returning.close()]);
  await system.stop();
});

/** Reads until there are so many texts; then it is gone, as a page that was closed. */
async function readWithSdk(url: string, cursorStore: CursorStore, count: number) {
  const seen: string[] = [];
  const epochs = new Set<string>();
  const restarts: Restart[] = [];
  const client = new PostlineClient({ url, clientId: 'three', cursorStore });
  client.on('restarted', (restart) => void restarts.push(restart));
  client.on('message', ({ data, epoch }) => {
    seen.push(data);
    epochs.add(epoch);
  });
  await waitUntil('it is live', () => client.state.state === 'live' && seen.length >= count);
  await client.close();
  return { seen, epochs, restarts };
}

it('[SDK-19] an application that was away during the change is told, though nobody followed its target', async () => {
  const { servers, database } = await freshServers();
  const api = await startApi(servers);
  const first = await startRelay(servers);
  let kept = '{"epoch":"","offsets":{"three":0}}';
  const store: CursorStore = {
    load: () => JSON.parse(kept) as Cursor,
    save: (cursor) => {
      kept = JSON.stringify(cursor);
    },
  };
  await send(api.url, 'three', ...['1', '2', '3']);
  const before = await readWithSdk(first.url, store, 3);
  expect(before.seen).toEqual(['1', '2', '3']);
  await first.stop(); // the next one has never heard of the target

  await takeBack(database.url, 'three', 1);
  await send(api.url, 'three', ...['new 2', 'new 3', 'new 4']);
  const second = await startRelay(servers);
  const { seen, epochs, restarts } = await readWithSdk(second.url, store, 4);
  expect(restarts).toMatchObject([{ targetId: 'three', lostOffset: 3, offset: 0 }]);
  expect(seen).toEqual(['1', 'new 2', 'new 3', 'new 4']);
  expect(epochs).toEqual(before.epochs); // no epoch began for what it said
  await send(api.url, 'three', 'new 5');
  expect(await readWithSdk(second.url, store, 1)).toMatchObject({ seen: ['new 5'], restarts: [] });
  await Promise.all([api.stop(), second.stop()]);
  await database.drop();
});

it('[EPO-6] a database that moved to another server while the old one stays up closes nobody', {
  timeout: TWO_SERVERS_MS,
}, async () => {
  const [left, next] = await Promise.all([startDatabase(), startDatabase()]);
  const database = await left.createDatabase();
  const address = await TcpProxy.start(left.port);
  const { servers, database: unused } = await freshServers();
  const moved = {
    ...servers,
    databaseUrl: database.url.replace(`:${left.port}/`, `:${address.port}/`),
  };
  const first = await startApi(moved);
  const relay = await startRelay(moved);
  await send(first.url, '1', ...['1', '2', '3']);
  const resume = (epoch: unknown, offset: number) => ({
    clientId: '1',
    resume: { epoch: String(epoch), offsets: { '1': offset } },
  });
  const connected = await RelayClient.identified(relay.url, resume('', 0));
  await connected.messagesOnceThereAre(3);
  const { epoch } = await connected.frame('identified');
  await first.stop();

  const client = (program: [string, string], port: number, ...words: readonly string[]) =>
    [
      findProgram(...program),
      ['--no-defaults', '--host=127.0.0.1', `--port=${port}`, '--protocol=tcp', '--user=root', ...words],
    ] as const;
  const dump = execFileSync(
    ...client(['mariadb-dump', 'mysqldump'], left.port, '--routines', '--databases', database.name),
  );
  execFileSync(...client(['mariadb', 'mysql'], next.port), { input: dump });
  address.redirect(next.port); // connections that are there stay where they are
  const second = await startApi(moved);
  await send(second.url, '1', ...['4', '5', '6']);
  expect(texts(await connected.messagesOnceThereAre(6))).toEqual(['1', '2', '3', '4', '5', '6']);

  // Whatever the relay's old connections say, this cursor is right.
  const other = await RelayClient.identified(relay.url, resume(epoch, 6));
  expect(await other.frame('identified')).toMatchObject({
    epoch,
    targets: { '1': { offset: 6, head: 6, recovered: true } },
  });
  await send(second.url, '1', '7');
  await other.messagesOnceThereAre(1);
  await connected.messagesOnceThereAre(7);
  expect([connected.closeCode, other.closeCode]).toEqual([undefined, undefined]);
  await Promise.all([connected.close(), other.close()]);
  await Promise.all([relay.stop(), second.stop()]);
  await address.close();
  await Promise.all([left.stop(), next.stop(), unused.drop()]);
});
