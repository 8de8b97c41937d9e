import { describe, expect, it } from 'vitest';
import { startingPoint } from '../src/starting-point.ts';

const READING = { epoch: 'now', head: 57, epochStart: 20 };

function start(resume?: { epoch: string; offsets: Readonly<Record<string, number>> }) {
  const parsed = resume && { epoch: resume.epoch, offsets: new Map(Object.entries(resume.offsets)) };
  return startingPoint(READING, '1', parsed);
}

describe('startingPoint', () => {
  it('[DEL-1] without a cursor the stream starts at the head', () => {
    expect(start()).toEqual({ offset: 57, head: 57, recovered: true });
  });

  it('[DEL-1] a cursor of another target counts for nothing', () => {
    expect(start({ epoch: 'now', offsets: { '01': 3 } })).toMatchObject({ offset: 57 });
  });

  it.each([0, 19, 20, 41, 57])('[DEL-4] a cursor of this epoch at %d goes on after it', (cursor) => {
    expect(start({ epoch: 'now', offsets: { '1': cursor } })).toEqual({
      offset: cursor,
      head: 57,
      recovered: true,
    });
  });

  it('[DEL-5] a cursor beyond the head starts over after what both histories share', () => {
    expect(start({ epoch: 'now', offsets: { '1': 58 } })).toEqual({ offset: 20, head: 57, recovered: false });
  });

  it.each([
    [7, 7],
    [20, 20],
    [41, 20],
    [1_000, 20],
  ])('[DEL-5] a cursor of another epoch at %d starts over after %d', (cursor, offset) => {
    expect(start({ epoch: 'before', offsets: { '1': cursor } })).toEqual({
      offset,
      head: 57,
      recovered: false,
    });
  });

  it('[DEL-5] in a fresh database that is the whole log', () => {
    const resume = { epoch: 'before', offsets: new Map([['1', 41]]) };
    expect(startingPoint({ epoch: 'now', head: 3, epochStart: 0 }, '1', resume)).toEqual({
      offset: 0,
      head: 3,
      recovered: false,
    });
  });

  it('[DEL-5] another epoch is told also where there is no cursor for the target', () => {
    expect(start({ epoch: 'before', offsets: {} })).toEqual({ offset: 57, head: 57, recovered: false });
  });
});
