import { describe, expect, it } from 'vitest';
import { cursorOf, startingPoint } from '../../src/identifying/starting-point.ts';

const READING = { epoch: 'now', head: 57, epochStart: 20 };

function start(resume?: { epoch: string; offsets: Readonly<Record<string, number>> }) {
  const parsed = resume && { epoch: resume.epoch, offsets: new Map(Object.entries(resume.offsets)) };
  return startingPoint(READING, '1', parsed);
}

describe('cursorOf', () => {
  it('[DEL-4] is what the client said of one target, with the row that it has there', () => {
    const mark = { id: '9', createdAt: '2026-11-23T00:00:00.000Z' };
    const resume = { epoch: 'now', offsets: new Map([['1', 4]]), at: new Map([['1', mark]]) };
    expect(cursorOf('1', resume)).toEqual({ targetId: '1', offset: 4, epoch: 'now', mark });
    expect(cursorOf('2', resume)).toBeUndefined();
    expect(startingPoint(READING, '1', resume, mark)).toMatchObject({ offset: 4, recovered: true });
    const other = { ...mark, id: '8' };
    expect(startingPoint(READING, '1', resume, other)).toMatchObject({ offset: 4, recovered: false });
    expect(startingPoint(READING, '1', resume, undefined)).toMatchObject({ recovered: true });
  });
});

describe('startingPoint', () => {
  it('[DEL-1] without a cursor the stream starts at the head', () => {
    expect(start()).toMatchObject({ offset: 57, head: 57, recovered: true });
  });

  it('[DEL-1] a cursor of another target counts for nothing', () => {
    expect(start({ epoch: 'now', offsets: { '01': 3 } })).toMatchObject({ offset: 57 });
  });

  it.each([0, 19, 20, 41, 57])('[DEL-4] a cursor of this epoch at %d goes on after it', (cursor) => {
    expect(start({ epoch: 'now', offsets: { '1': cursor } })).toMatchObject({
      offset: cursor,
      head: 57,
      recovered: true,
    });
  });

  it('[DEL-5] a cursor beyond the head starts over after what both histories share', () => {
    expect(start({ epoch: 'now', offsets: { '1': 58 } })).toMatchObject({
      offset: 20,
      head: 57,
      recovered: false,
    });
  });

  it.each([
    [7, 7],
    [20, 20],
    [41, 20],
    [1_000, 20],
  ])('[DEL-5] a cursor of another epoch at %d starts over after %d', (cursor, offset) => {
    expect(start({ epoch: 'before', offsets: { '1': cursor } })).toMatchObject({
      offset,
      head: 57,
      recovered: false,
    });
  });

  it('[DEL-5] in a fresh database that is the whole log', () => {
    const resume = { epoch: 'before', offsets: new Map([['1', 41]]) };
    expect(startingPoint({ epoch: 'now', head: 3, epochStart: 0 }, '1', resume)).toMatchObject({
      offset: 0,
      head: 3,
      recovered: false,
    });
  });

  it('[DEL-5] another epoch is told also where there is no cursor for the target', () => {
    expect(start({ epoch: 'before', offsets: {} })).toMatchObject({ offset: 57, head: 57, recovered: false });
  });
});
