import { describe, expect, it } from 'vitest';
import { emptyWords, startWords, truncatedWords } from '../../src/messages/stream-words.ts';

describe('startWords', () => {
  it('[PAGE-5] says nothing on a first connection', () => {
    expect(startWords({ missed: 0, resumedAfter: undefined }, true)).toBeUndefined();
  });

  it('[PAGE-5] tells a page that is opened again how many messages came meanwhile', () => {
    expect(startWords({ missed: 1, resumedAfter: 41 }, true)).toBe(
      'One message came while this page was away:',
    );
    expect(startWords({ missed: 3, resumedAfter: 41 }, true)).toBe(
      '3 messages came while this page was away:',
    );
    expect(startWords({ missed: 0, resumedAfter: 41 }, true)).toBeUndefined();
  });

  it('[PAGE-5] tells a page that is connected again whether anything came meanwhile', () => {
    expect(startWords({ missed: 3, resumedAfter: 41 }, false)).toBe(
      'Connected again. 3 messages came meanwhile:',
    );
    expect(startWords({ missed: 0, resumedAfter: 41 }, false)).toBe('Connected again. Nothing was missed.');
  });
});

it('emptyWords tells since when nothing was missed', () => {
  expect(emptyWords({ missed: 0, resumedAfter: 41 })).toBe('Nothing was missed since message 41');
  expect(emptyWords({ missed: 0, resumedAfter: 0 })).toBe('Waiting for the first message');
  expect(emptyWords({ missed: 0, resumedAfter: undefined })).toBe('Waiting for the first message');
});

it('truncatedWords names what was deleted', () => {
  expect(truncatedWords({ targetId: '1', from: 3, to: 3 })).toContain('Message 3 was deleted');
  expect(truncatedWords({ targetId: '1', from: 3, to: 9 })).toContain('Messages 3 to 9 were deleted');
});
