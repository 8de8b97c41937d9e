import { readFileSync } from 'node:fs';
import { type ServiceProcess, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startSystem, type System } from './system.ts';

const BACKLOG = 100_000;
const BATCH = 1_000;
const BATCHES_AT_ONCE = 4;
const GROWTH_MEBIBYTES_MAX = 64;
const CAUGHT_UP_MS = 30_000;
/** A few seconds of it are the test; a machine with other work takes longer to publish so much. */
const TEST_MS = 120_000;

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.stop());

async function publishBatches(targetId: string, count: number): Promise<void> {
  const messages = Array.from({ length: BATCH }, (_, index) => ({ targetId, message: `message ${index}` }));
  const body = JSON.stringify({ messages });
  let left = count;
  const publisher = async () => {
    while (left > 0) {
      left -= 1;
      const headers = { 'Content-Type': 'application/json' };
      const response = await fetch(`${system.api.url}/messages/batch`, { method: 'POST', headers, body });
      expect([201, 503]).toContain(response.status);
      if (response.status === 503) left += 1; // the disk is slow; if it was stored all the same, there is more to read
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, publisher));
}

/** Reads a log from its beginning, remembers no message; resolves with the milliseconds that it took. */
async function readFromBeginning(targetId: string, count: number): Promise<number> {
  const start = performance.now();
  const socket = new WebSocket(system.relay.url.replace(/^http/, 'ws'));
  let last = 0;
  const misplaced: number[] = [];
  socket.on('message', (data) => {
    const frame = JSON.parse((data as Buffer).toString('utf8')) as Readonly<Record<string, unknown>>;
    if (frame['type'] !== 'new_message') return;
    const offset = Number(frame['offset']);
    if (offset !== last + 1) misplaced.push(offset);
    last = offset;
  });
  socket.on('open', () => {
    // A cursor of no epoch starts over from the first one.
    socket.send(
      JSON.stringify({
        type: 'identify',
        clientId: targetId,
        resume: { epoch: 'none', offsets: { [targetId]: 0 } },
      }),
    );
  });
  await waitUntil(`${count} messages`, () => last === count, CAUGHT_UP_MS);
  const milliseconds = performance.now() - start;
  expect(misplaced).toEqual([]);
  socket.terminate();
  return milliseconds;
}

function residentMebibytes(service: ServiceProcess, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${service.process.pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}

it(
  '[DEL-10] a backlog of 100,000 reaches one client, and the relay grows by 64 MiB at the most',
  async () => {
    await Promise.all([publishBatches('warm', 5), publishBatches('long', BACKLOG / BATCH)]);
    await readFromBeginning('warm', 5 * BATCH); // so that what is measured is the backlog, not the relay's first work
    const before = residentMebibytes(system.relay, 'VmRSS');
    const milliseconds = await readFromBeginning('long', BACKLOG);
    const growth = residentMebibytes(system.relay, 'VmHWM') - before; // the most that it ever had
    console.log(
      `${BACKLOG} messages in ${Math.round(milliseconds)} ms; the relay grew by ${growth.toFixed(1)} MiB`,
    );
    expect(growth).toBeLessThan(GROWTH_MEBIBYTES_MAX);
  },
  TEST_MS,
);
