import { PostlineError, type PostlineErrorCode } from '@postline/client';
import { expect, it } from 'vitest';
import { errorWords } from '../../src/connection/error-words.ts';

it('[PAGE-5] a close is explained by its code', () => {
  expect(errorWords(new PostlineError('closed_by_relay', { closeCode: 1012 }))).toContain('(code 1012)');
  expect(errorWords(new PostlineError('token_expired', { closeCode: 4001 }))).toContain('expired');
});

it("[PAGE-5] the relay's own words are told as they came", () => {
  const error = new PostlineError('relay_error', { relayCode: 'unauthorized', cause: 'A token is required' });
  expect(errorWords(error)).toBe('The relay says: A token is required (unauthorized).');
});

it('[PAGE-5] if the relay gave its reason for a close, the reason is said once, with the code', () => {
  const error = new PostlineError('closed_by_relay', {
    closeCode: 4503,
    relayCode: 'origin_not_allowed',
    cause: 'This page is not in ALLOWED_ORIGINS',
  });
  expect(errorWords(error)).toBe(
    'The relay says: This page is not in ALLOWED_ORIGINS (origin_not_allowed, code 4503).',
  );
});

it('[PAGE-5] a connection that broke after an error of the relay shows both', () => {
  const error = new PostlineError('closed_by_relay', {
    closeCode: 1006,
    relayCode: 'bad_ack',
    cause: 'Too far',
  });
  expect(errorWords(error)).toMatch(/broke\. \(code 1006\) The relay says: Too far \(bad_ack\)\.$/);
});

it.each<PostlineErrorCode>(['open_timeout', 'silent', 'gap', 'inbox_full', 'handler_failed'])(
  '[PAGE-5] %s is explained in a sentence',
  (code) => {
    expect(errorWords(new PostlineError(code))).toMatch(/^(The|A|This|Messages) .+\.$/);
  },
);
