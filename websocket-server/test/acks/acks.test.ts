import { createLogger } from '@postline/service-runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Acks } from '../../src/acks/acks.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { databaseAway, ModelStore } from '../support/model-store.ts';

const MEMBERS = 1_000;

describe('Acks', () => {
  let store: ModelStore;
  let acks: Acks;

  beforeEach(() => {
    vi.useFakeTimers();
    store = new ModelStore();
    acks = new Acks({
      store,
      counters: new RelayCounters(),
      logger: createLogger({ service: 'test', level: 'silent' }),
      storing: { worked: () => undefined, failed: () => undefined },
      waitingMax: 10_000,
      ackWriteIntervalMs: 250,
      groupAckWriteIntervalMs: 1_000,
      groupAcksPerSecondMax: 300,
    });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const ack = (clientId: string, targetId: string, offset: number) => ({
    clientId,
    deviceId: 'tv',
    targetId,
    epoch: 'epoch-1',
    offset,
  });
  const rowsWritten = () => store.ackWrites.reduce((sum, rows) => sum + rows.length, 0);

  it('[FOL-9] one message to many members is so many rows a second, and all are stored in the end', async () => {
    for (let member = 0; member < MEMBERS; member += 1) acks.keep(ack(`c${member}`, 'group:news', 1));
    const written: number[] = [];
    for (let second = 1; second <= 4; second += 1) {
      await vi.advanceTimersByTimeAsync(1_000);
      written.push(rowsWritten());
    }
    expect(written).toEqual([300, 600, 900, 1_000]);
    expect(acks.size).toBe(0);
  });

  it("[FOL-9] they do not delay the acks of clients' own targets", async () => {
    for (let member = 0; member < MEMBERS; member += 1) acks.keep(ack(`c${member}`, 'group:news', 1));
    acks.keep(ack('ann', 'ann', 4));
    await vi.advanceTimersByTimeAsync(260);
    expect(store.ackWrites).toEqual([[ack('ann', 'ann', 4)]]);
  });

  it('[FOL-9] a later ack of a reader that waits takes its place, and counts at once on this relay', async () => {
    const place = ack('ann', 'group:news', 0);
    acks.keep(ack('ann', 'group:news', 1));
    acks.keep(ack('ann', 'group:news', 7));
    acks.hurry(place);
    expect(acks.waiting(place)).toMatchObject({ offset: 7 });
    await vi.advanceTimersByTimeAsync(1_010);
    expect(store.ackWrites).toEqual([[ack('ann', 'group:news', 7)]]);
    expect(acks.waiting(place)).toBeUndefined();
  });

  it('[ACK-3] at the end everything is stored, without a bound on rows', async () => {
    for (let member = 0; member < MEMBERS; member += 1) acks.keep(ack(`c${member}`, 'group:news', 1));
    acks.keep(ack('ann', 'ann', 4));
    const closed = acks.close();
    await vi.advanceTimersByTimeAsync(100);
    await closed;
    expect(rowsWritten()).toBe(MEMBERS + 1);
  });

  it('[DEL-16] while the database is away they wait, and are stored when it is back', async () => {
    store.beforeRead = databaseAway;
    acks.keep(ack('ann', 'group:news', 1));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(acks.waiting(ack('ann', 'group:news', 1))).toMatchObject({ offset: 1 });
    store.beforeRead = () => Promise.resolve();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(acks.size).toBe(0);
  });
});
