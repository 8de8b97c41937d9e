import { beforeEach, describe, expect, it } from 'vitest';
import { ReadPace } from '../../src/following/read-pace.ts';

const MIB = 1024 * 1024;

describe('ReadPace', () => {
  let nowMs: number;
  let pace: ReadPace;

  beforeEach(() => {
    nowMs = 0;
    pace = new ReadPace(() => nowMs);
  });

  /** Reads of a client, a MiB each; how long it is to wait in all. */
  function read(clientId: string, mebibytes: number): number {
    let waitedMs = 0;
    for (let count = 0; count < mebibytes; count += 1) waitedMs += pace.pauseMs(clientId, MIB);
    return waitedMs;
  }

  it('[DEL-18] a client that is alone is never paced', () => {
    expect(read('one', 1_000)).toBe(0);
  });

  it('[DEL-18] a client that has far more than the others waits, and the others do not', () => {
    read('small', 1);
    expect(read('large', 16)).toBe(0);
    expect(read('large', 8)).toBe(2_048); // 8 MiB in 2,048 ms
    expect(read('small', 4)).toBe(0);
  });

  it('[DEL-18] many that read as much as each other are not paced', () => {
    let waitedMs = 0;
    for (let round = 0; round < 100; round += 1) {
      for (const clientId of ['a', 'b', 'c']) waitedMs += read(clientId, 1);
    }
    expect(waitedMs).toBe(0);
  });

  it('[DEL-18] what was long ago is forgotten, and others that have gone count no longer', () => {
    read('small', 1);
    read('large', 20);
    nowMs += 5_000;
    expect(read('large', 1)).toBeGreaterThan(0);
    nowMs += 5_000;
    read('large', 1);
    nowMs += 5_000;
    expect(read('large', 100)).toBe(0);
  });

  it('remembers a bounded number of clients', () => {
    for (let count = 0; count < 10_000; count += 1) pace.pauseMs(`client-${count}`, 1);
    expect(read('one too many', 100)).toBe(0);
  });
});
