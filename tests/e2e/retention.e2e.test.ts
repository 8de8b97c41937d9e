import {
  publish,
  type ReceivedFrame,
  RelayClient,
  startApi,
  startStandalone,
  waitUntil,
} from '@postline/test-support';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSystem, type System } from './system.ts';

const KEPT = 10;
const RETENTION = { RETENTION_MESSAGES_PER_TARGET: String(KEPT), RETENTION_INTERVAL_MS: '100' };

let system: System;
beforeAll(async () => {
  system = await startSystem(RETENTION);
});
afterAll(async () => {
  await system.stop();
});

async function publishMany(apiUrl: string, targetId: string, count: number): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) => ({ targetId, message: `m${index}` }));
  const response = await fetch(`${apiUrl}/messages/batch`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ messages }),
  });
  expect(response.status).toBe(201);
  await response.arrayBuffer();
}

interface Page {
  readonly epoch: string;
  readonly head: number;
  readonly messages: readonly { readonly offset: number }[];
  readonly truncatedBefore: number | null;
}

async function readPage(apiUrl: string, targetId: string, after: number): Promise<Page> {
  return (await (await fetch(`${apiUrl}/targets/${targetId}/messages?after=${after}`)).json()) as Page;
}

const onceTrimmed = (apiUrl: string, targetId: string) =>
  waitUntil('only the newest are left', async () => {
    const page = await readPage(apiUrl, targetId, 0);
    return page.messages.length === KEPT && page;
  });

/** Every offset that a client was told of, in order, as a message or as deleted. */
function coveredOffsets(frames: readonly ReceivedFrame[]): number[] {
  return frames.flatMap((frame) => {
    if (frame.type === 'new_message') return [Number(frame['offset'])];
    if (frame.type !== 'truncated') return [];
    const [from, to] = [Number(frame['from']), Number(frame['to'])];
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

it('[RET-2] [RET-4] the oldest go; who was away is told from where to where, on the socket and by HTTP', async () => {
  await publishMany(system.api.url, 'away', 100);
  const page = await onceTrimmed(system.api.url, 'away');
  expect(page).toMatchObject({ head: 100, truncatedBefore: 91 });
  expect(page.messages[0]).toMatchObject({ offset: 91 });
  expect(await readPage(system.api.url, 'away', 95)).toMatchObject({ truncatedBefore: null });

  const resume = { epoch: page.epoch, offsets: { away: 5 } };
  const reader = await RelayClient.identified(system.relay.url, { clientId: 'away', resume });
  await reader.messagesOnceThereAre(KEPT);
  expect(reader.frames[0]).toMatchObject({ targets: { away: { offset: 5, head: 100, recovered: true } } });
  expect(reader.frames[1]).toEqual({ type: 'truncated', targetId: 'away', from: 6, to: 90 });
  await publish(system.api.url, { message: 'next', targetId: 'away' });
  expect((await reader.messagesOnceThereAre(KEPT + 1)).at(-1)).toMatchObject({ offset: 101 });
  await reader.close();
});

it('[RET-4] [DEL-5] a cursor of another epoch starts over, and is told what is no longer there to start with', async () => {
  await publishMany(system.api.url, 'stranger', 30);
  await onceTrimmed(system.api.url, 'stranger');
  const resume = { epoch: 'of before the restore', offsets: { stranger: 25 } };
  const reader = await RelayClient.identified(system.relay.url, { clientId: 'stranger', resume });
  await reader.messagesOnceThereAre(KEPT);
  expect(reader.frames[0]).toMatchObject({
    targets: { stranger: { offset: 0, head: 30, recovered: false } },
  });
  expect(reader.frames[1]).toEqual({ type: 'truncated', targetId: 'stranger', from: 1, to: 20 });
  expect(reader.messages().map(({ offset }) => offset)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
  await reader.close();
});

it('[RET-4] a hole that retention did not make is told the same way', async () => {
  await publishMany(system.api.url, 'damaged', KEPT);
  const connection = await createConnection(system.database.url);
  await connection.query("DELETE FROM messages WHERE target_id = 'damaged' AND `offset` IN (4, 5, 10)");
  await connection.end();
  const { epoch } = await readPage(system.api.url, 'damaged', 0);
  const resume = { epoch, offsets: { damaged: 0 } };
  const reader = await RelayClient.identified(system.relay.url, { clientId: 'damaged', resume });
  await waitUntil('everything is told', () => coveredOffsets(reader.frames).length === KEPT);
  expect(coveredOffsets(reader.frames)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(reader.frames.filter(({ type }) => type === 'truncated')).toEqual([
    { type: 'truncated', targetId: 'damaged', from: 4, to: 5 },
    { type: 'truncated', targetId: 'damaged', from: 10, to: 10 },
  ]);
  await reader.close();
});

it('[RET-3] [RET-4] with two APIs that delete while others publish and read, nobody waits and every offset is told', async () => {
  const secondApi = await startApi(system.servers, RETENTION);
  const { epoch } = await readPage(system.api.url, 'busy', 0);
  const rounds = 25;
  const readers: RelayClient[] = [];
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const url = round % 2 === 0 ? system.api.url : secondApi.url;
    const startedAt = performance.now();
    await publishMany(url, 'busy', 200);
    times.push(performance.now() - startedAt);
    if (round % 5 === 0) {
      const resume = { epoch, offsets: { busy: 0 } };
      readers.push(await RelayClient.identified(system.relay.url, { clientId: 'busy', resume }));
    }
  }
  const all = Array.from({ length: rounds * 200 }, (_, index) => index + 1);
  for (const reader of readers) {
    await waitUntil('the head is told', () => coveredOffsets(reader.frames).at(-1) === all.length);
    expect(coveredOffsets(reader.frames)).toEqual(all);
    await reader.close();
  }
  // A wait for a lock takes a second. Two rounds may be as slow for another reason, on a busy machine.
  expect(times.filter((milliseconds) => milliseconds >= 1_000).length).toBeLessThanOrEqual(2);
  await onceTrimmed(system.api.url, 'busy');
  const connection = await createConnection(system.database.url);
  const [rows] = await connection.query<RowDataPacket[]>("SELECT head FROM targets WHERE target_id = 'busy'");
  await connection.end();
  expect(rows).toEqual([{ head: all.length }]);
  expect(await secondApi.stop()).toBe(0);
});

it('[RET-1] [RET-2] by age, in the embedded kind', async () => {
  const standalone = await startStandalone({ RETENTION_SECONDS: '1', RETENTION_INTERVAL_MS: '100' });
  await publishMany(standalone.apiUrl, 'old', 3);
  const page = await waitUntil('they are gone', async () => {
    const read = await readPage(standalone.apiUrl, 'old', 0);
    return read.messages.length === 0 && read;
  });
  expect(page).toMatchObject({ head: 3, truncatedBefore: 4 });
  expect(await standalone.stop()).toBe(0);
});
