import { describe, expect, it } from 'vitest';
import { type HttpAnswer, readPublishAnswer } from '../../src/sending/publish-answer.ts';

const ACCEPTED = {
  id: '1024',
  targetId: '1',
  offset: 58,
  createdAt: '2026-11-23T00:00:00.000Z',
  status: 'stored',
};

function answer(status: number, body: unknown, more: Partial<HttpAnswer> = {}): HttpAnswer {
  return { status, body: JSON.stringify(body), replayed: false, retryAfter: null, ...more };
}

describe('readPublishAnswer', () => {
  it('[PUB-2] reads an accepted message', () => {
    expect(readPublishAnswer(answer(201, ACCEPTED, { replayed: true }))).toMatchObject({
      kind: 'accepted',
      targetId: '1',
      offset: 58,
      delivery: 'stored',
      replayed: true,
    });
  });

  it('[PUB-10] reads a problem with its fields, and ignores invalid ones', () => {
    const errors = [{ path: 'message', message: 'is required' }, { path: 1 }, null];
    const read = readPublishAnswer(answer(400, { title: 'Not valid', detail: 'One field.', errors }));
    expect(read).toMatchObject({
      kind: 'refused',
      title: 'Not valid',
      detail: 'One field.',
      errors: [{ path: 'message', message: 'is required' }],
      retryable: false,
      retryAfterSeconds: undefined,
    });
  });

  it.each([
    ['message: is required', [['message', 'is required']], 'message: is required', 0],
    ['the body: is not valid', [['', 'is not valid']], 'the body: is not valid', 0],
    ['key: was used. Nothing was stored.', [['key', 'was used']], 'key: was used. Nothing was stored.', 0],
    [
      'a: is bad',
      [
        ['a', 'is bad'],
        ['b', 'is bad'],
      ],
      '',
      2,
    ],
    [
      'a: is bad. Nothing was stored.',
      [
        ['a', 'is bad'],
        ['b', 'is bad'],
      ],
      'Nothing was stored.',
      2,
    ],
    ['Some fields are bad.', [['a', 'is bad']], 'Some fields are bad.', 1],
  ])('[PUB-10] says each wrong field once: %j with %j', (detail, fields, shown, listed) => {
    const errors = fields.map(([path, message]) => ({ path, message }));
    const read = readPublishAnswer(answer(400, { title: 'Not valid', detail, errors }));
    expect(read).toMatchObject({ detail: shown, errors: errors.slice(errors.length - listed) });
  });

  it.each([408, 429, 500, 502, 503])('[PAGE-7] %i can be retried', (status) => {
    expect(readPublishAnswer(answer(status, {}, { retryAfter: '2' }))).toMatchObject({
      retryable: true,
      retryAfterSeconds: 2,
    });
  });

  it.each(['<html>', '', '[]', 'null', '{"offset":1}'])('[PAGE-7] a 200 with %j is no acceptance', (body) => {
    const read = readPublishAnswer({ status: 200, body, replayed: false, retryAfter: 'soon' });
    expect(read).toMatchObject({ kind: 'refused', retryAfterSeconds: undefined });
  });
});
