import { describe, expect, it } from 'vitest';
import { readNewEpochArguments, readNewKeyArguments } from '../src/command-arguments.ts';

describe('npm run keys', () => {
  it('[SEC-3] takes a name and scopes, written as in PUBLISH_KEYS', () => {
    expect(readNewKeyArguments(['new', 'shop'])).toEqual({ name: 'shop', scopes: [] });
    expect(readNewKeyArguments(['new', 'shop', '--scope', 'read', '--scope=prefix=order-'])).toEqual({
      name: 'shop',
      scopes: ['read', 'prefix=order-'],
    });
  });

  it.each([
    [[], 'Missing command'],
    [['shop'], 'Unknown command'],
    [['new'], 'NAME'],
    [['new', 'a b'], 'NAME'],
    [['new', 'shop', 'more'], 'Too many arguments'],
    [['new', 'shop', '--scope', 'all'], 'The key has an unknown scope'],
    [['new', 'x', '--y'], '--y'],
  ])('[SEC-3] %j prints the problem and the usage', (words, problem) => {
    expect(() => readNewKeyArguments(words)).toThrow(problem);
    expect(() => readNewKeyArguments(words)).toThrow(/Usage: npm run keys -- new NAME/);
  });
});

describe('npm run new-epoch', () => {
  const NOW = new Date('2026-11-23T12:00:00Z');
  const read = (...words: readonly string[]) => readNewEpochArguments(words, NOW).restoredAt?.toISOString();

  it('[EPO-2] takes a time in any zone', () => {
    expect(read()).toBeUndefined();
    expect(read('--restored-at', '2026-11-23T08:30:00Z')).toBe('2026-11-23T08:30:00.000Z');
    expect(read('--restored-at=2026-11-23T08:30+05:45')).toBe('2026-11-23T02:45:00.000Z');
    expect(read('--restored-at', '2026-11-23T08:30:00.123Z')).toBe('2026-11-23T08:30:00.123Z');
  });

  it('[EPO-2] refuses an ambiguous time, a future time and unknown arguments', () => {
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
});
