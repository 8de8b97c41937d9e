import { expect, it } from 'vitest';
import { createReceivedFrames } from '../../src/connection/received-frames.ts';

function message(offset: number) {
  return { id: '1', targetId: '1', offset, epoch: 'e', data: '', createdAt: '', missed: false };
}

it('[PAGE-16] the text of a frame is kept until its message is shown', () => {
  const frames = createReceivedFrames();
  frames.debug('received', { type: 'new_message', ...message(1) }, 'text 1');
  frames.debug('received', { type: 'new_message', ...message(2) }, 'text 2');
  for (const other of [{ type: 'truncated', ...message(3) }, 'no JSON'])
    frames.debug('received', other, 'other');
  frames.debug('state', { state: 'live' });
  expect([2, 1, 1, 3].map((offset) => frames.take(message(offset)))).toEqual([
    'text 2',
    'text 1',
    undefined,
    undefined,
  ]);
});

it('[PAGE-16] texts that no message takes are bounded', () => {
  const frames = createReceivedFrames();
  for (let offset = 1; offset <= 1_101; offset += 1)
    frames.debug('received', { type: 'new_message', ...message(offset) }, `text ${offset}`);
  expect([1, 2, 1_101].map((offset) => frames.take(message(offset)))).toEqual([
    undefined,
    'text 2',
    'text 1101',
  ]);
});
