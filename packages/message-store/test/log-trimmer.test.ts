import { expect, it } from 'vitest';
import { leadingRowsToDelete, type OldRow } from '../src/log-trimmer.ts';

const rows = (...expired: readonly boolean[]): OldRow[] =>
  expired.map((isExpired, index) => ({ id: String(index), offset: index + 1, expired: isExpired }));
const offsets = (given: readonly OldRow[]) => given.map(({ offset }) => offset);

it('[RET-2] only the oldest go: a young message keeps those behind it, however old they are', () => {
  const byAge = { secondsMax: 60, messagesPerTargetMax: undefined };
  expect(offsets(leadingRowsToDelete(rows(true, true, false, true), 4, byAge))).toEqual([1, 2]);
  expect(offsets(leadingRowsToDelete(rows(false, true), 2, byAge))).toEqual([]);
  expect(offsets(leadingRowsToDelete(rows(true, true), 2, byAge))).toEqual([1, 2]);
});

it('[RET-2] by both reasons a message goes where either gives it up', () => {
  const rule = { secondsMax: 60, messagesPerTargetMax: 2 };
  expect(offsets(leadingRowsToDelete(rows(false, true, false, false, false), 5, rule))).toEqual([1, 2, 3]);
  expect(offsets(leadingRowsToDelete(rows(true, true, true, true, false), 5, rule))).toEqual([1, 2, 3, 4]);
});
