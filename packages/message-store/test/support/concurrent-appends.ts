import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempFolder } from '@postline/test-support';
import { expect, it } from 'vitest';
import type { MessageStore } from '../../src/message-store.ts';
import { startWorker } from './bundled-worker.ts';
import { type ContractDatabase, newTarget } from './contract-database.ts';

const PROCESSES = ['north', 'south'];
const WRITERS_PER_PROCESS = 16;
const TARGETS = 5;
const TEST_MS = 90_000;

/** LOG-1 and LOG-2 with writers in two processes, and readers that follow the logs meanwhile. */
export function describeConcurrentAppends(store: () => MessageStore, database: () => ContractDatabase): void {
  it(
    '[LOG-1] [LOG-2] two processes with 32 writers leave no gap, and a follower never sees a late lower offset',
    async () => {
      const targetIds = Array.from({ length: TARGETS }, () => newTarget());
      const folder = await makeTempFolder('append-workers');
      const files = PROCESSES.map((name) => join(folder.path, `${name}.json`));
      const { kind, location } = database();
      const processes = await Promise.all(
        PROCESSES.map((name, index) => {
          const words = [
            kind,
            location,
            files[index]!,
            name,
            String(WRITERS_PER_PROCESS),
            targetIds.join(','),
          ];
          return startWorker('append-worker.ts', words);
        }),
      );
      const isOver = () => processes.every((one) => one.hasEnded());
      const following = Promise.all(targetIds.map((targetId) => follow(store(), targetId, isOver)));
      for (const one of processes) expect(await one.ended, one.output()).toBe(0);
      const followed = await following;

      const answered = (await Promise.all(files.map((file) => readFile(file, 'utf8')))).flatMap(
        (text) => JSON.parse(text) as string[],
      );
      expect(answered.length).toBeGreaterThan(2_000);
      expect(followed.flatMap(({ places }) => places).sort()).toEqual(answered.sort());
      expect(new Set(answered.map((place) => place.split(' ')[2])).size).toBe(answered.length);
      expect(followed.reduce((sum, { pages }) => sum + pages, 0)).toBeGreaterThan(TARGETS * 2);
      await folder.remove();
    },
    TEST_MS,
  );
}

/** Reads a log from its cursor over and over, until nobody writes any more and the head is reached. */
async function follow(store: MessageStore, targetId: string, isOver: () => boolean) {
  const places: string[] = [];
  let pages = 0;
  for (let cursor = 0; ; ) {
    const wasOver = isOver();
    const { messages, head } = await store.readLog({ targetId, afterOffset: cursor, limit: 64 });
    for (const { id, offset } of messages) {
      if (offset !== cursor + 1) throw new Error(`${targetId}: ${offset} came after ${cursor}`);
      cursor = offset;
      places.push(`${targetId} ${offset} ${id}`);
    }
    if (messages.length > 0) pages += 1;
    if (wasOver && cursor === head) return { places, pages };
  }
}
