import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeviceOpener } from '../src/device-opener.ts';
import { databaseAway, ModelStore } from './support/model-store.ts';

describe('DeviceOpener', () => {
  let store: ModelStore;
  let devices: DeviceOpener;

  beforeEach(() => {
    vi.useFakeTimers();
    store = new ModelStore();
    devices = new DeviceOpener(store);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const opening = (client: number) => ({
    clientId: `c${client}`,
    deviceId: 'd',
    targetIds: [`c${client}`],
  });

  it('[ACK-4] devices that come together are asked for together, each gets its own answer', async () => {
    for (let client = 0; client < 600; client += 1) store.appendMany(`c${client}`, client % 5);
    const opened = Promise.all(Array.from({ length: 600 }, (_, client) => devices.open(opening(client))));
    await vi.advanceTimersByTimeAsync(10);
    const answers = await opened;
    expect(store.openings.map((openings) => openings.length)).toEqual([256, 256, 88]);
    expect(answers.every((answer, client) => answer.get(`c${client}`)?.offset === client % 5)).toBe(true);
  });

  it('those that come while it works are asked for next', async () => {
    store.beforeAnswer = () => new Promise((answer) => setTimeout(answer, 50));
    const first = devices.open(opening(1));
    await vi.advanceTimersByTimeAsync(10);
    const later = [devices.open(opening(2)), devices.open(opening(3))];
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all([first, ...later]);
    expect(store.openings.map((openings) => openings.length)).toEqual([1, 2]);
  });

  it('[DEL-16] a database that is away is told to each, and asked again by whoever tries again', async () => {
    store.beforeRead = databaseAway;
    const outcomes = Promise.allSettled([devices.open(opening(1)), devices.open(opening(2))]);
    await vi.advanceTimersByTimeAsync(10);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    store.beforeRead = () => Promise.resolve();
    const again = devices.open(opening(1));
    await vi.advanceTimersByTimeAsync(10);
    expect((await again).get('c1')).toEqual({ epoch: 'epoch-1', offset: 0 });
  });
});
