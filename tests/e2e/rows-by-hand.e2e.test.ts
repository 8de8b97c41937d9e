/** Rows that somebody put into Postline's tables by hand, past every check: nobody stumbles over them. */
import { publish, RelayClient, waitUntil } from '@postline/test-support';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSystem, type System } from './system.ts';

const DELIVERED_WITHIN_MS = 2_000;
/** As many as each look at the outbox goes through in two pages. */
const BAD_TARGETS = 100;

let system: System;
let byHand: Connection;

beforeAll(async () => {
  system = await startSystem();
  byHand = await createConnection(system.database.url);
  // Tables of bytes: what a server takes for text is no matter then.
  await byHand.query('ALTER TABLE outbox DROP CONSTRAINT outbox_target_id, MODIFY message BLOB NOT NULL');
});
afterAll(async () => {
  await byHand.end();
  await system.stop();
});

const put = (targetId: string, bytes: string) =>
  byHand.query('INSERT INTO outbox (target_id, message) VALUES (?, X?)', [targetId, bytes]);

async function logOf(targetId: string) {
  const response = await fetch(`${system.api.url}/targets/${targetId}/messages`);
  expect(response.status).toBe(200);
  return (await response.json()) as { head: number; messages: { data: string; offset: number }[] };
}

it('[SQL-8] a hundred targets with texts that no log takes delay nobody, and leave an idle API idle', async () => {
  const reader = await RelayClient.identified(system.relay.url, { clientId: 'other' });
  for (let n = 0; n < BAD_TARGETS; n += 1) await put(`bad-${n}`, 'EDA080'.repeat(21_845));
  await put('not an id', '41');
  const startMs = performance.now();
  await byHand.query("CALL publish_message('other', 'by SQL')");
  await reader.messagesOnceThereAre(1, DELIVERED_WITHIN_MS);
  expect(performance.now() - startMs).toBeLessThan(DELIVERED_WITHIN_MS);
  expect(await publish(system.api.url, { targetId: 'bad-7', message: 'm' })).toMatchObject({
    status: 201,
    body: { offset: 1 },
  });
  const ids = await waitUntil('all are set aside', async () => {
    const [rows] = await byHand.query('SELECT outbox_id AS id FROM outbox_refused');
    return (rows as { id: number }[]).length === BAD_TARGETS + 1 && (rows as { id: number }[]);
  });
  const isLoggedOnce = ({ id }: { id: number }) =>
    system.api.process.output().split(`"outboxId":"${id}"`).length === 2;
  await waitUntil('each is logged once', () => ids.every(isLoggedOnce));
  await reader.close();
});

it('[LOG-14] readers of a log with such rows get what is theirs, from the API and from the relay', async () => {
  await publish(system.api.url, { targetId: 'log', message: 'first' });
  await byHand.query("INSERT INTO messages (target_id, `offset`, message) VALUES ('log', 3, 'by hand')");
  await byHand.query(
    "INSERT INTO messages (target_id, `offset`, message) VALUES ('log', 9007199254740993, 'far'), ('no id', 1, 'x')",
  );
  expect(await logOf('log')).toMatchObject({ head: 1, messages: [{ data: 'first' }] });
  const reader = await RelayClient.identified(system.relay.url, {
    clientId: 'log',
    resume: { epoch: 'of another database', offsets: { log: 0 } },
  });
  for (const message of ['second', 'fourth'])
    expect(await publish(system.api.url, { targetId: 'log', message })).toMatchObject({ status: 201 });
  const frames = await reader.messagesOnceThereAre(4);
  const texts = ['first', 'second', 'by hand', 'fourth'];
  expect(frames.map((frame) => frame['data'])).toEqual(texts);
  expect(frames.map((frame) => frame['offset'])).toEqual([1, 2, 3, 4]);
  expect((await logOf('log')).messages.map(({ data }) => data)).toEqual(texts);
  await reader.close();
});
