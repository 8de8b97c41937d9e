// Receives the messages of a client and keeps the sum of their numbers, each counted exactly once:  node consumer.mjs 1 sum.json
// Publish numbers to it, kill it at any moment (kill -9 too), start it again: the sum is right.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { PostlineClient } from '@postline/client';

const [clientId, path] = process.argv.slice(2);
let stored = load();

/** Cursor and effect are in one file, and a rename replaces it as a whole: both are stored, or neither. */
function load() {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error; // never start from zero because of an unreadable file
    return { sum: 0, cursor: undefined };
  }
}

/** `flush` writes the content to the disk before the rename, in case of a power cut. */
function save(next) {
  writeFileSync(`${path}.new`, JSON.stringify(next), { flush: true });
  renameSync(`${path}.new`, path);
  stored = next;
}

const client = new PostlineClient({
  url: process.env.POSTLINE_RELAY_URL ?? 'http://localhost:3000',
  clientId,
  cursorStore: {
    load: () => stored.cursor,
    // The handler below stores the cursor with each message; only the start of the stream is saved here.
    save: (cursor) => stored.cursor ?? save({ ...stored, cursor }),
  },
});

client.on('state', ({ state }) => console.log(state));
client.on('message', ({ targetId, offset, epoch, data }) => {
  save({ sum: stored.sum + (Number(data) || 0), cursor: { epoch, offsets: { [targetId]: offset } } });
  console.log(`offset ${offset}: ${data}, sum ${stored.sum}`);
});
