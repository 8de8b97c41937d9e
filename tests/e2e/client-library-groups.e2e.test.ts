/** The client library with a real API and relay: its groups, and the library from before there were any. */
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import {
  type Followed,
  memoryCursorStore,
  type Message,
  PostlineClient,
  type PostlineError,
  type Unfollowed,
} from '@postline/client';
import { publish, startStandalone, type StandaloneProcess, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

const OLD_SCRIPT = new URL('fixtures/client-before-groups.js', import.meta.url);

let postline: StandaloneProcess;

beforeAll(async () => {
  postline = await startStandalone();
});

afterAll(async () => {
  await postline.stop();
});

async function changeMember(method: 'PUT' | 'DELETE', group: string, clientId: string): Promise<void> {
  const url = new URL(`/groups/${group}/members/${clientId}`, postline.apiUrl);
  const response = await fetch(url, { method });
  expect(response.ok).toBe(true);
}

const send = (targetId: string, message: string) => publish(postline.apiUrl, { message, targetId });

/** A client, and everything that it reported. */
function connect(clientId: string, options: object = {}) {
  const texts: string[] = [];
  const events: (Followed | Unfollowed)[] = [];
  const errors: PostlineError[] = [];
  const client = new PostlineClient({ url: postline.relayUrl, clientId, ...options });
  client.on('message', ({ targetId, data }: Message) => texts.push(`${targetId}: ${data}`));
  client.on('followed', (event) => events.push(event));
  client.on('unfollowed', (event) => events.push(event));
  client.on('error', (error) => errors.push(error));
  return {
    client,
    texts,
    events,
    errors,
    live: () => waitUntil(`${clientId} is live`, () => client.state.state === 'live'),
    received: (...expected: string[]) =>
      waitUntil(`${expected.join()} received`, () => texts.join() === expected.join()),
  };
}

describe('groups', () => {
  it('[SDK-20] a member receives the group from its join on, and nothing after it was removed', async () => {
    const anna = connect('anna', { groups: true });
    await anna.live();
    await send('group:news', 'before');
    await changeMember('PUT', 'news', 'anna');
    await send('group:news', 'one');
    await send('anna', 'own');
    await waitUntil('both arrive', () => anna.texts.length === 2);
    expect([...anna.texts].sort()).toEqual(['anna: own', 'group:news: one']);
    expect(anna.events).toEqual([
      { targetId: 'group:news', offset: 1, head: expect.any(Number), recovered: true, cause: 'joined' },
    ]);
    expect([...anna.client.targets].sort()).toEqual(['anna', 'group:news']);
    await changeMember('DELETE', 'news', 'anna');
    await waitUntil('it is removed', () => anna.events.length === 2);
    expect(anna.events[1]).toEqual({ targetId: 'group:news', cause: 'left' });
    await send('group:news', 'two');
    await send('anna', 'last');
    await waitUntil('the last arrives', () => anna.texts.at(-1) === 'anna: last');
    expect(anna.texts).not.toContain('group:news: two');
    await anna.client.close();
    expect(anna.errors).toEqual([]);
  });

  it('[SDK-20] a client that was away continues in each group where it stopped', async () => {
    const options = { groups: true, cursorStore: memoryCursorStore() };
    await changeMember('PUT', 'away', 'ben');
    const first = connect('ben', options);
    await first.live();
    await first.client.follow('group:open-room');
    await send('group:away', '1');
    await first.received('group:away: 1');
    await send('group:open-room', '1');
    await first.received('group:away: 1', 'group:open-room: 1');
    await first.client.close();
    await send('group:away', '2');
    await send('group:open-room', '2');
    await changeMember('PUT', 'joined-while-away', 'ben');
    await send('group:joined-while-away', '1');
    const second = connect('ben', options);
    await second.live();
    await second.client.follow('group:open-room');
    await waitUntil('all arrive', () => second.texts.length === 3);
    expect([...second.texts].sort()).toEqual([
      'group:away: 2',
      'group:joined-while-away: 1',
      'group:open-room: 2',
    ]);
    await second.client.unfollow('group:open-room');
    await expect(second.client.unfollow('group:nowhere')).rejects.toMatchObject({
      relayCode: 'not_followed',
      targetId: 'group:nowhere',
    });
    await second.client.close();
  });

  it('[SDK-20] acks of groups are stored for the device', async () => {
    await changeMember('PUT', 'acked', 'carl');
    const carl = connect('carl', { groups: true, deviceId: 'phone' });
    await carl.live();
    await send('group:acked', '1');
    await carl.received('group:acked: 1');
    const receipts = new URL('/targets/group:acked/receipts', postline.apiUrl);
    await waitUntil('the receipt is stored', async () =>
      (await (await fetch(receipts)).text()).includes('"phone"'),
    );
    await carl.client.close();
  });
});

it('[SDK-21] the script from before groups works as it did, also for a member of a group', async () => {
  type Client = Pick<PostlineClient, 'on' | 'state' | 'close'>;
  type OldLibrary = Record<'PostlineClient', new (options: object) => Client>;
  const { AbortController, performance, queueMicrotask, setTimeout, clearTimeout } = globalThis;
  const globals = { WebSocket, URL, AbortController, performance, queueMicrotask, setTimeout, clearTimeout };
  const ignore = () => undefined;
  const listening = { addEventListener: ignore, removeEventListener: ignore };
  const page: Record<string, unknown> = { ...globals, ...listening, document: listening };
  runInNewContext(readFileSync(OLD_SCRIPT, 'utf8'), page);
  await changeMember('PUT', 'news', 'old');
  const Postline = (page as { Postline?: OldLibrary }).Postline;
  if (Postline === undefined) throw new Error('the script has no Postline');
  const told: unknown[] = [];
  const connectOld = (options: object) => {
    const client = new Postline.PostlineClient({ url: postline.relayUrl, clientId: 'old', ...options });
    client.on('message', ({ targetId, offset, data, missed, epoch }) =>
      told.push([targetId, offset, data, missed, epoch.length]),
    );
    client.on('error', (error) => told.push(error));
    return client;
  };
  const isLive = (client: Client) => waitUntil('it is live', () => client.state.state === 'live');
  const cursors: object[] = [];
  const cursorStore = { load: () => cursors.at(-1), save: (cursor: object) => void cursors.push(cursor) };
  const first = connectOld({ cursorStore });
  await isLive(first);
  await send('group:news', 'not for it');
  await send('old', 'one');
  await waitUntil('the message', () => told.length === 1);
  await first.close();
  await send('old', 'two');
  const second = connectOld({ cursorStore });
  await waitUntil('what was missed', () => told.length === 2);
  expect(told).toEqual([
    ['old', 1, 'one', false, expect.any(Number)],
    ['old', 2, 'two', true, expect.any(Number)],
  ]);
  await second.close();
  const device = { cursorStore: 'last-ack', deviceId: 'kiosk' };
  const third = connectOld(device);
  await isLive(third);
  await send('old', 'three');
  await waitUntil('the third', () => told.length === 3);
  await third.close();
  await send('old', 'four');
  const fourth = connectOld(device);
  await waitUntil('the fourth', () => told.length === 4);
  expect(told[3]).toEqual(['old', 4, 'four', true, expect.any(Number)]);
  await fourth.close();
});
