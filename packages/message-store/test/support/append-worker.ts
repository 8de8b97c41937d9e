/** A process of its own that appends with many writers at once, and writes down what it was answered. */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppendRequest, MessageStore } from '../../src/message-store.ts';
import { createMysqlMessageStore } from '../../src/mysql/index.ts';
import { createSqliteMessageStore } from '../../src/sqlite/index.ts';

const [kind, location = '', resultFile = '', name = '', writers = '', targets = ''] = process.argv.slice(2);
const APPENDS_PER_WRITER = 30;
const DEADLINE_MS = 20_000;

const writerCount = Number(writers);
const targetIds = targets.split(',');
const store: MessageStore =
  kind === 'mysql'
    ? createMysqlMessageStore({
        databaseUrl: location,
        deadlineMs: DEADLINE_MS,
        writerConnectionsMax: writerCount,
      })
    : await createSqliteMessageStore({ file: location, deadlineMs: DEADLINE_MS });

const places: string[] = [];

function request(writer: number, round: number): AppendRequest {
  const count = 1 + ((writer + round) % 4);
  return {
    publisher: name,
    messages: Array.from({ length: count }, (_, index) => ({
      targetId: targetIds[(writer * 7 + round * 3 + index * 5) % targetIds.length] ?? '',
      message: `${name}/${writer}/${round}/${index}`,
      ...(round % 3 === 0 ? { idempotencyKey: `${writer}/${round}/${index}` } : {}),
    })),
  };
}

async function write(writer: number): Promise<void> {
  for (let round = 0; round < APPENDS_PER_WRITER; round += 1) {
    for (;;) {
      const [outcome] = await store.append([request(writer, round)]);
      if (outcome?.kind === 'appended') {
        places.push(...outcome.messages.map(({ id, targetId, offset }) => `${targetId} ${offset} ${id}`));
        break;
      }
      if (outcome?.kind !== 'contended') throw new Error(JSON.stringify(outcome));
      await sleep(Math.random() * 20);
    }
  }
}

await Promise.all(Array.from({ length: writerCount }, (_, writer) => write(writer)));
await store.close();
writeFileSync(resultFile, JSON.stringify(places));
