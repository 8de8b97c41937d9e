import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { waitUntil } from '@postline/test-support';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type * as Exports from '../src/index.ts';
import { FakeRelay, groupFrame, messageFrame } from './support/fake-relay.ts';

type Script = Pick<typeof Exports, 'PostlineClient' | 'PostlineError' | 'localStorageCursorStore'>;

/** The globals of every platform. The script must bring everything else, or work without it. */
const PLATFORM = { WebSocket, setTimeout, clearTimeout };

let relay: FakeRelay;

beforeEach(async () => {
  relay = await FakeRelay.start();
});

afterEach(() => relay.stop());

it('[SDK-14] the classic script works, and its shortened names are internal', async () => {
  const storage = new Map<string, string>();
  const localStorage = {
    getItem: (key: string) => storage.get(key) ?? null,
    setItem: (key: string, value: string) => void storage.set(key, value),
  };
  const world: Record<string, unknown> = {
    ...PLATFORM,
    localStorage,
    sessionStorage: localStorage,
  };
  runInNewContext(readFileSync(new URL('../dist/client.js', import.meta.url), 'utf8'), world);
  const { PostlineClient, PostlineError, localStorageCursorStore } = world['Postline'] as Script;
  const client = new PostlineClient({
    url: relay.url,
    clientId: 1,
    token: () => Promise.resolve('t'),
    deviceId: 'd',
    resume: { epoch: 'e1', offsets: { '1': 1 } },
    cursorStore: localStorageCursorStore(),
    ackIntervalMs: 1,
    firstRetryMsMax: 1,
    autoConnect: false,
  });
  client.connect();
  const told: unknown[] = [];
  client.on('message', ({ offset, data, missed }) => told.push([offset, data, missed]));
  client.on('truncated', (truncation) => told.push({ ...truncation }));
  client.on('restarted', (restart) => told.push({ ...restart }));
  const first = await relay.connection(1);
  const resume = { epoch: 'e1', offsets: { '1': 1 }, at: {} };
  expect(await first.identified({ offset: 1, head: 4 })).toEqual({
    type: 'identify',
    clientId: '1',
    token: 't',
    deviceId: 'd',
    resume,
  });
  first.send(messageFrame(2), { type: 'truncated', targetId: '1', from: 3, to: 4 }, messageFrame(5));
  await waitUntil('a stored cursor', () => [...storage.values()].join('').includes('"offsets":{"1":5}'));
  expect([...storage.values()].join('')).toContain('"at":{"1":{"id":"1005","createdAt":"');
  expect(await first.received('ack')).toContainEqual({
    type: 'ack',
    targetId: '1',
    offset: expect.any(Number),
  });
  first.close(4003);
  const second = await relay.connection(2);
  await second.identified({ offset: 0, head: 0, recovered: false }, 'e2');
  await waitUntil('a restart', () => told.length === 4);
  expect(told).toEqual([
    [2, 'text 2', true],
    { targetId: '1', from: 3, to: 4 },
    [5, 'text 5', false],
    { targetId: '1', epoch: 'e2', lostOffset: 5, offset: 0 },
  ]);
  // Names of the public interface must not be shortened.
  const room = { epoch: 'e2', offset: 7 };
  const answer = client.follow('group:room', { cursor: room });
  expect(await second.received('follow')).toEqual([{ type: 'follow', targetId: 'group:room', ...room }]);
  const followed = { targetId: 'group:room', offset: 7, head: 7, recovered: true, cause: 'followed' };
  client.on('followed', (event) => told.push({ ...event }));
  client.on('unfollowed', (event) => told.push({ ...event }));
  second.send({ type: 'followed', ...followed }, groupFrame('group:room', 8, 'e2'));
  await answer;
  await waitUntil('a message of the group', () => told.length === 6);
  second.send({ type: 'unfollowed', targetId: 'group:room', cause: 'token' });
  await waitUntil('the end of the group', () => told.length === 7);
  expect(told.slice(4)).toEqual([followed, [8, 'text 8', false], { targetId: 'group:room', cause: 'token' }]);
  expect([...client.targets]).toEqual(['1']);
  await client.disconnect();
  expect(client.state.state).toBe('disconnected');
  client.connect();
  const third = await relay.connection(3);
  await third.identified({ offset: 0, head: 0 }, 'e2');
  for (const wrong of [{ clientId: 'group:x' }, { url: 'ws://x/#y' }])
    expect(() => new PostlineClient({ url: relay.url, clientId: 1, ...wrong })).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message: expect.stringContaining(Object.keys(wrong)[0] ?? ''),
      }),
    );
  third.close(4510);
  await waitUntil('the end', () => client.state.state === 'closed');
  expect(client.state).toMatchObject({ error: { code: 'closed_by_relay', closeCode: 4510 } });
  expect(client.state.state === 'closed' && client.state.error).toBeInstanceOf(PostlineError);
});
