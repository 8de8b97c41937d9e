import { createLogger } from '@postline/service-runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AckWriter } from '../../src/acks/ack-writer.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { databaseAway, ModelStore } from '../support/model-store.ts';

const INTERVAL_MS = 250;
const WAITING_MAX = 1_000;

describe('AckWriter', () => {
  let store: ModelStore;
  let counters: RelayCounters;
  let lines: string[];
  let noted: Set<string>;
  let writer: AckWriter;

  beforeEach(() => {
    vi.useFakeTimers();
    store = new ModelStore();
    counters = new RelayCounters();
    lines = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const logger = createLogger({ service: 'test', level: 'info', destination });
    noted = new Set();
    const storing = { worked: () => noted.add('worked'), failed: () => noted.add('failed') };
    const options = { store, counters, logger, storing };
    writer = new AckWriter({ ...options, intervalMs: INTERVAL_MS, waitingMax: WAITING_MAX });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const place = (clientId: string, deviceId?: string) => ({ clientId, deviceId, targetId: clientId });

  function ack(clientId: string, offset: number, deviceId?: string): boolean {
    return writer.keep({ ...place(clientId, deviceId), epoch: store.epoch, offset });
  }

  const wordsLogged = () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  const slowDatabase = (ms: number) => () => new Promise<void>((answer) => setTimeout(answer, ms));

  it('[ACK-3] a thousand acks of a reader are one write, of the highest', async () => {
    for (let offset = 1; offset <= 1_000; offset += 1) ack('1', offset);
    expect(store.ackWrites).toEqual([]);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(store.ackWrites).toEqual([[{ ...place('1'), epoch: 'epoch-1', offset: 1_000 }]]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(store.ackWrites).toHaveLength(1);
    expect([counters.acksKept, counters.ackWrites, writer.size]).toEqual([1_000, 1, 0]);
  });

  it('[ACK-3] readers share a write, up to its bound', async () => {
    for (let client = 0; client < 600; client += 1) ack(`c${client}`, 1);
    ack('c1', 2, 'tv');
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(store.ackWrites.map((acks) => acks.length)).toEqual([512, 89]);
    expect(store.lastAck('c599')).toEqual({ epoch: 'epoch-1', offset: 1 });
    expect([store.lastAck('c1'), store.lastAck('c1', 'tv')]).toMatchObject([{ offset: 1 }, { offset: 2 }]);
  });

  it('[ACK-3] acks that keep coming are written once an interval', async () => {
    for (let offset = 1; offset <= 100; offset += 1) {
      ack('1', offset);
      await vi.advanceTimersByTimeAsync(50);
    }
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(store.ackWrites.length).toBeGreaterThan(15);
    expect(store.ackWrites.length).toBeLessThan(25);
    expect(store.lastAck('1')?.offset).toBe(100);
  });

  it('[ACK-2] of one reader on two connections the highest is written', async () => {
    ack('1', 7);
    ack('1', 5);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(store.lastAck('1')?.offset).toBe(7);
  });

  it('[ACK-3] a reader that goes has its ack written at once, and only then', async () => {
    ack('1', 7);
    writer.hurry(place('2'));
    await vi.advanceTimersByTimeAsync(10);
    expect(store.ackWrites).toEqual([]);
    writer.hurry(place('1'));
    await vi.advanceTimersByTimeAsync(0);
    expect(store.lastAck('1')?.offset).toBe(7);
  });

  it('[ACK-3] one that goes during a write is written right after it', async () => {
    store.beforeAnswer = slowDatabase(100);
    ack('1', 1);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    ack('2', 1);
    writer.hurry(place('2'));
    await vi.advanceTimersByTimeAsync(101);
    expect(store.ackWrites).toHaveLength(2);
  });

  it('[ACK-4] saved() waits for what came before it, and for nothing else', async () => {
    store.beforeAnswer = slowDatabase(100);
    ack('1', 1);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS); // under way
    ack('1', 2);
    const done: string[] = [];
    void writer.saved(place('1')).then(() => done.push(`1 at ${store.lastAck('1')?.offset}`));
    void writer.saved(place('1', 'tv')).then(() => done.push('tv'));
    void writer.saved(place('3')).then(() => done.push('3'));
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toEqual(['tv', '3']);
    await vi.advanceTimersByTimeAsync(200);
    expect(done).toEqual(['tv', '3', '1 at 2']);
    expect(store.ackWrites).toHaveLength(2);
  });

  it('[ACK-3] what the database did not take is tried again, with what is newer', async () => {
    store.beforeRead = databaseAway;
    ack('1', 1);
    ack('2', 5);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    ack('1', 2);
    await expect(writer.saved(place('2'))).rejects.toMatchObject({ code: 'store_unavailable' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(store.ackWrites.length).toBeLessThan(140);
    expect([...noted]).toEqual(['failed']);
    store.beforeRead = () => Promise.resolve();
    await vi.advanceTimersByTimeAsync(500);
    expect([store.lastAck('1')?.offset, store.lastAck('2')?.offset]).toEqual([2, 5]);
    expect([...noted]).toEqual(['failed', 'worked']);
    expect(wordsLogged()).toEqual([]);
    expect(writer.size).toBe(0);
  });

  it('[ACK-3] what waits is bounded: those that are known go on, further ones are not kept', async () => {
    store.beforeRead = databaseAway;
    for (let client = 0; client < WAITING_MAX; client += 1) expect(ack(`c${client}`, 1)).toBe(true);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(ack('one too many', 1)).toBe(false);
    expect(ack('c5', 9)).toBe(true);
    expect([writer.size, counters.acksDropped]).toEqual([WAITING_MAX, 1]);
    store.beforeRead = () => Promise.resolve();
    await vi.advanceTimersByTimeAsync(500);
    expect(store.lastAck('c5')?.offset).toBe(9);
    expect(ack('one too many', 1)).toBe(true);
  });

  it('[ACK-3] at the end everything is written, without waiting for the interval', async () => {
    store.beforeAnswer = slowDatabase(100);
    ack('1', 1);
    await vi.advanceTimersByTimeAsync(INTERVAL_MS);
    ack('1', 2);
    ack('2', 3);
    const closed = writer.close();
    await vi.advanceTimersByTimeAsync(200);
    await closed;
    expect([store.lastAck('1')?.offset, store.lastAck('2')?.offset]).toEqual([2, 3]);
    expect(lines).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['does not answer', () => new Promise<void>(() => undefined)],
    ['refuses', databaseAway],
  ])(
    '[ACK-3] at the end a database that %s is not waited for, and the loss is logged',
    async (_how, read) => {
      store.beforeRead = read;
      ack('1', 1);
      ack('2', 1);
      const closed = writer.close();
      await vi.advanceTimersByTimeAsync(2_100);
      await closed;
      const last = JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>;
      expect(last).toMatchObject({ readers: 2, level: expect.anything() });
      expect(last['msg']).toContain('were not stored');
    },
  );
});
