import type { Message } from '@postline/client';
import { describe, expect, it } from 'vitest';
import { addMessages, dropAfter, emptyView } from '../src/messages-view.ts';

function message(name: string, second = Number(name.slice(1))): Message {
  const [targetId = ''] = name;
  const createdAt = `2026-11-23T00:00:${String(second).padStart(2, '0')}.000Z`;
  const offset = Number(name.slice(1));
  return { id: name, targetId, offset, epoch: 'e', data: name, createdAt, missed: false };
}

const namesOf = (messages: readonly Message[]) => messages.map(({ id }) => id).join(' ');
const list = (...names: string[]) => names.map((name) => message(name));

describe('addMessages', () => {
  it('[BND-2] adds each message once at its offset, in whatever order they arrive', () => {
    let messages: readonly Message[] = [];
    for (const name of ['a3', 'a1', 'a4', 'a2', 'a3', 'a1']) messages = addMessages(messages, list(name), 10);
    expect(namesOf(messages)).toBe('a1 a2 a3 a4');
  });

  it('[BND-2] orders messages of different targets by time, and those of one target by offset', () => {
    const added = [
      message('a1', 10),
      message('b1', 20),
      message('a2', 30),
      message('b2', 5),
      message('a3', 15),
    ];
    expect(namesOf(addMessages([], added, 10))).toBe('a1 b1 b2 a2 a3');
  });

  it('[BND-5] keeps the newest', () => {
    expect(namesOf(addMessages(list('a2', 'a3'), list('a4', 'a1'), 3))).toBe('a2 a3 a4');
  });

  it('returns the same array if it has them all', () => {
    const messages = list('a1', 'a2');
    expect(addMessages(messages, list('a2', 'a1'), 10)).toBe(messages);
  });
});

describe('dropAfter', () => {
  it('[BND-2] drops what a restarted log does not have any more, of that target alone', () => {
    const messages = list('a1', 'b1', 'a2', 'b2', 'a3');
    expect(namesOf(dropAfter(messages, { targetId: 'a', offset: 1 }))).toBe('a1 b1 b2');
    expect(dropAfter(messages, { targetId: 'a', offset: 3 })).toBe(messages);
  });
});

it('an empty view is the same object each time', () => {
  expect(emptyView({ history: 1 })).toBe(emptyView({ history: 2 }));
  expect(emptyView({})).toBe(emptyView({ history: 0 }));
  expect([emptyView({}).isLoading, emptyView({ history: 1 }).isLoading]).toEqual([false, true]);
});
