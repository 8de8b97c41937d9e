import { describe, expect, it } from 'vitest';
import { type ReaderPosition, type StartingLog, startingPoint } from '../../src/starting/starting-point.ts';

const LOG = { epoch: 'now', head: 57, epochStart: 20 };
const MARK = { id: '9', createdAt: '2026-11-23T00:00:00.000Z' };

function cursor(offset: number, epoch = 'now'): ReaderPosition {
  return { kind: 'cursor', cursor: { targetId: '1', offset, epoch, mark: undefined } };
}

function start(position: ReaderPosition, from?: number, log: StartingLog = LOG) {
  const { offset, recovered } = startingPoint(log, { targetId: '1', position, from });
  return { offset, recovered };
}

describe('startingPoint', () => {
  it('[DEL-1] without a resume the stream starts at the head', () => {
    expect(start({ kind: 'head' })).toEqual({ offset: 57, recovered: true });
  });

  it('[DEL-1] a resume without a cursor for the target starts at the head', () => {
    expect(start({ kind: 'no-cursor', epoch: 'now' })).toEqual({ offset: 57, recovered: true });
  });

  it.each([0, 19, 20, 41, 57])('[DEL-4] a cursor of this epoch at %d goes on after it', (offset) => {
    expect(start(cursor(offset))).toEqual({ offset, recovered: true });
  });

  it('[DEL-4] a cursor of another row than the one in its place is not valid', () => {
    const position: ReaderPosition = {
      kind: 'cursor',
      cursor: { targetId: '1', offset: 4, epoch: 'now', mark: MARK },
    };
    expect(start(position, undefined, { ...LOG, rowAtCursor: MARK })).toMatchObject({ recovered: true });
    const rowAtCursor = { ...MARK, id: '8' };
    expect(start(position, undefined, { ...LOG, rowAtCursor })).toEqual({ offset: 4, recovered: false });
    expect(start(position)).toMatchObject({ recovered: true });
  });

  it('[DEL-5] a cursor beyond the head starts over after what both histories share', () => {
    expect(start(cursor(58))).toEqual({ offset: 20, recovered: false });
  });

  it.each([
    [7, 7],
    [20, 20],
    [41, 20],
    [1_000, 20],
  ])('[DEL-5] a cursor of another epoch at %d starts over after %d', (offset, expected) => {
    expect(start(cursor(offset, 'before'))).toEqual({ offset: expected, recovered: false });
  });

  it('[DEL-5] in a fresh database that is the whole log', () => {
    const log = { epoch: 'now', head: 3, epochStart: 0 };
    expect(start(cursor(41, 'before'), undefined, log)).toEqual({ offset: 0, recovered: false });
  });

  it('[DEL-5] another epoch is reported even if there is no cursor for the target', () => {
    expect(start({ kind: 'no-cursor', epoch: 'before' })).toEqual({ offset: 57, recovered: false });
  });
});

/** The table of the specification: one line for each row, with the member's F at 30 and without a membership. */
describe('[FOL-2] where the stream of a group starts', () => {
  const F = 30;

  it.each<[string, ReaderPosition, member: object, other: object]>([
    [
      'a cursor of this epoch, at or above F',
      cursor(41),
      { offset: 41, recovered: true },
      { offset: 41, recovered: true },
    ],
    [
      'a cursor of this epoch beyond the head',
      cursor(58),
      { offset: F, recovered: false },
      { offset: 20, recovered: false },
    ],
    [
      'a cursor of this epoch below F: its reader then learns of the gap',
      cursor(12),
      { offset: 12, recovered: true },
      { offset: 12, recovered: true },
    ],
    [
      'a resume, but no cursor for this group',
      { kind: 'no-cursor', epoch: 'now' },
      { offset: F, recovered: true },
      { offset: 57, recovered: true },
    ],
    ['no resume at all', { kind: 'head' }, { offset: 57, recovered: true }, { offset: 57, recovered: true }],
    ['resume: start', { kind: 'start' }, { offset: F, recovered: true }, { offset: 0, recovered: true }],
    [
      'resume: the last 5',
      { kind: 'last', count: 5 },
      { offset: 52, recovered: true },
      { offset: 52, recovered: true },
    ],
    [
      'resume: the last 40',
      { kind: 'last', count: 40 },
      { offset: F, recovered: true },
      { offset: 17, recovered: true },
    ],
    [
      'resume: the last 1,000',
      { kind: 'last', count: 1_000 },
      { offset: F, recovered: true },
      { offset: 0, recovered: true },
    ],
    [
      'joined while connected',
      { kind: 'joined' },
      { offset: F, recovered: true },
      { offset: 57, recovered: true },
    ],
    [
      'a cursor of another epoch',
      cursor(41, 'before'),
      { offset: F, recovered: false },
      { offset: 20, recovered: false },
    ],
  ])('%s', (_what, position, member, other) => {
    expect(start(position, F)).toEqual(member);
    expect(start(position)).toEqual(other);
  });

  it('resume: start, after the last message that was deleted', () => {
    const log = { ...LOG, deletedUpTo: 33 };
    expect(start({ kind: 'start' }, F, log)).toEqual({ offset: 33, recovered: true });
    expect(start({ kind: 'start' }, undefined, log)).toEqual({ offset: 33, recovered: true });
  });

  it('a member whose F is 0 resumes without a cursor from the beginning', () => {
    expect(start({ kind: 'no-cursor', epoch: 'now' }, 0)).toEqual({ offset: 0, recovered: true });
  });
});
