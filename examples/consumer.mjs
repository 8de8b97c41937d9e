// Receives client 1's messages and keeps a sum of what they say, each counted exactly once:  node consumer.mjs 1 sum.json
// Publish numbers to it, kill it at any moment (kill -9 too), start it again: the sum is right.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { PostlineClient } from '@postline/client';

const [clientId, path] = process.argv.slice(2);
let stored = load();

/** Cursor and effect are in one file, and a rename replaces it whole: both are there, or neither. */
function load() {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error; // a file that can't be read is no reason to begin at nothing
    return { sum: 0, cursor: undefined };
  }
}

/** `flush` puts the content on the disk before the name points to it, in case the power goes. */
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
    // Where the stream starts there is no message yet; after that, the handler below has stored the cursor already.
    save: (cursor) => stored.cursor ?? save({ ...stored, cursor }),
  },
});

client.on('state', ({ state }) => console.log(state));
client.on('message', ({ targetId, offset, epoch, data }) => {
  save({ sum: stored.sum + (Number(data) || 0), cursor: { epoch, offsets: { [targetId]: offset } } });
  console.log(`offset ${offset}: ${data}, sum ${stored.sum}`);
});
