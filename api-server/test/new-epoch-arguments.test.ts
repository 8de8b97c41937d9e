import { expect, it } from 'vitest';
import { readNewEpochArguments } from '../src/new-epoch-arguments.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const read = (...words: readonly string[]) => readNewEpochArguments(words, NOW).restoredAt?.toISOString();

it('[EPO-2] takes a moment, in any zone that is told', () => {
  expect(read()).toBeUndefined();
  expect(read('--restored-at', '2026-11-23T08:30:00Z')).toBe('2026-11-23T08:30:00.000Z');
  expect(read('--restored-at=2026-11-23T08:30+05:45')).toBe('2026-11-23T02:45:00.000Z');
  expect(read('--restored-at', '2026-11-23T08:30:00.123Z')).toBe('2026-11-23T08:30:00.123Z');
});

it('[EPO-2] refuses what could be another moment than was meant', () => {
  for (const time of [
    'yesterday',
    '2026-11-23',
    '2026-11-23T08:30:00',
    '1234567890',
    '2026-13-01T00:00:00Z',
    '',
  ]) {
    expect(() => read('--restored-at', time), time).toThrow('with its zone');
  }
  expect(() => read('--restored-at', '2026-11-23T12:00:01Z')).toThrow('future');
  for (const words of [['--restored'], ['--restored-at'], ['now'], ['--force']]) {
    expect(() => read(...words), words.join(' ')).toThrow('npm run new-epoch');
  }
});
