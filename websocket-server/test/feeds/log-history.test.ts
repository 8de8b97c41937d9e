import { type HistoryDoubt, type HistoryFinding, StoreUnavailableError } from '@postline/message-store';
import { createLogger } from '@postline/service-runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DoubtedRow, LogHistory } from '../../src/feeds/log-history.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';

const ROW: DoubtedRow = {
  targetId: '1',
  offset: 8,
  mark: { id: '8', createdAt: '2026-11-23T00:00:00.000Z' },
  sharedUntilMs: 2_000,
};

describe('LogHistory', () => {
  let doubts: HistoryDoubt[];
  let answer: () => Promise<HistoryFinding>;
  let settled: number;
  let lines: string[];
  let warnings: Set<string>;
  let counters: RelayCounters;
  let history: LogHistory;

  beforeEach(() => {
    vi.useFakeTimers();
    doubts = [];
    answer = () => Promise.resolve({ kind: 'unchanged' });
    settled = 0;
    lines = [];
    warnings = new Set();
    counters = new RelayCounters();
    history = new LogHistory({
      store: {
        settleHistory: (doubt) => {
          doubts.push(doubt);
          return answer();
        },
      },
      counters,
      logger: createLogger({
        service: 'test',
        level: 'info',
        destination: { write: (line: string) => void lines.push(line) },
      }),
      warnings: {
        setWarning: (_key, text) => {
          warnings.add(text);
        },
        clearWarning: () => {
          warnings.clear();
        },
      },
      onSettled: () => {
        settled += 1;
      },
    });
    history.isCurrent('E1');
  });

  afterEach(() => {
    history.close();
    vi.useRealTimers();
  });

  it('[EPO-4] the first epoch that is read is believed, any other only once it was asked about', async () => {
    expect([history.isCurrent('E1'), history.isCurrent('E2')]).toEqual([true, false]);
    answer = () => Promise.resolve({ kind: 'epoch-changed', epoch: 'E2' });
    history.doubt();
    await vi.advanceTimersByTimeAsync(50);
    expect(doubts).toEqual([{ epoch: 'E1', rows: [], sharedUntilMs: 0 }]);
    expect([history.isCurrent('E1'), history.isCurrent('E2'), settled]).toEqual([false, true, 1]);
  });

  it('[EPO-4] the doubts of many feeds are one question, with the least that was shared', async () => {
    for (let index = 0; index < 200; index += 1)
      history.doubt({ ...ROW, targetId: `${index}`, sharedUntilMs: 3_000 - index });
    await vi.advanceTimersByTimeAsync(50);
    expect(doubts).toHaveLength(1);
    expect(doubts[0]?.rows).toHaveLength(64);
    expect(doubts[0]?.sharedUntilMs).toBe(3_000 - 63);
  });

  it('[EPO-6] if the writer agrees, nothing has changed, and stale reads are logged', async () => {
    history.doubt(ROW);
    await vi.advanceTimersByTimeAsync(50);
    expect([history.isCurrent('E1'), settled, warnings.size]).toEqual([true, 1, 0]);
    expect(lines.join('')).toContain('reads came from a server that does not take the writes');
    expect(counters.historyChecksByOutcome.get('unchanged')).toBe(1);
  });

  it('[EPO-4] the server is asked once a second at most, however many doubts come', async () => {
    for (let ms = 0; ms < 3_000; ms += 10) {
      history.doubt(ROW);
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(doubts.length).toBeLessThanOrEqual(4);
    expect(doubts.length).toBeGreaterThanOrEqual(3);
  });

  it('[EPO-4] a new epoch is logged with all that is known about it', async () => {
    const certainUntil = '2026-11-23T00:00:00.000Z';
    answer = () => Promise.resolve({ kind: 'epoch-begun', epoch: 'E2', certainUntil });
    history.doubt(ROW);
    await vi.advanceTimersByTimeAsync(50);
    const [line] = lines.map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(line).toMatchObject({ epoch: 'E2', previousEpoch: 'E1', certainUntil, targetsSeen: 1 });
    expect(history.isCurrent('E2')).toBe(true);
  });

  it.each<[string, () => Promise<HistoryFinding>]>([
    ['is read-only', () => Promise.resolve({ kind: 'read-only' })],
    ['has begun an epoch a moment ago', () => Promise.resolve({ kind: 'too-soon' })],
    ['does not answer', () => Promise.reject(new StoreUnavailableError('x', undefined))],
  ])('[EPO-7] a server that %s settles nothing: reported once, and asked again', async (_what, first) => {
    answer = first;
    for (let round = 0; round < 5; round += 1) {
      history.doubt(ROW);
      await vi.advanceTimersByTimeAsync(1_100);
    }
    expect([doubts.length, settled, warnings.size]).toEqual([5, 0, 1]);
    answer = () => Promise.resolve({ kind: 'unchanged' });
    history.doubt(ROW);
    await vi.advanceTimersByTimeAsync(1_100);
    expect([warnings.size, settled]).toEqual([0, 1]);
  });

  it('[EPO-7] a doubt that the next whole comparison does not have is over', async () => {
    answer = () => Promise.resolve({ kind: 'read-only' });
    history.doubt(ROW);
    await vi.advanceTimersByTimeAsync(50);
    history.onRoundEnd();
    expect(warnings.size).toBe(1);
    history.onRoundEnd();
    expect(warnings.size).toBe(0);
  });

  it('closed, it asks nothing and leaves no timer', async () => {
    history.doubt(ROW);
    history.close();
    await vi.advanceTimersByTimeAsync(2_000);
    expect([doubts, vi.getTimerCount()]).toEqual([[], 0]);
  });
});
