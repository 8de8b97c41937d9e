import { expect, it } from 'vitest';
import { startWords, truncatedWords } from '../src/stream-words.ts';

it('[PAGE-5] a first connection needs no words', () => {
  expect(startWords({ backlog: 0, resumed: false, restarted: false }, true)).toEqual([]);
});

it('[PAGE-5] a reconnect tells what was missed, unless there is nothing to tell it beside', () => {
  expect(startWords({ backlog: 0, resumed: true, restarted: false }, true)).toEqual([]);
  expect(startWords({ backlog: 0, resumed: true, restarted: false }, false)).toEqual([
    'Connected again. Nothing was missed.',
  ]);
  expect(startWords({ backlog: 2, resumed: true, restarted: true }, true)).toEqual([
    'The log was restarted: what follows may have been shown before.',
    'Connected again. 2 messages were waiting:',
  ]);
});

it('[PAGE-5] deleted messages are counted out', () => {
  expect(truncatedWords(4, 4)).toContain('Message 4 was deleted');
  expect(truncatedWords(1, 40)).toContain('Messages 1 to 40 were deleted');
});
