import { expect, it } from 'vitest';
import {
  BATCH_BODY_BYTES_MAX,
  CLIENT_FRAME_BYTES_MAX,
  MESSAGE_BODY_BYTES_MAX,
  MESSAGE_BYTES_MAX,
  TOKEN_BYTES_MAX,
} from '../src/index.ts';
import { TARGET_ID_CHARACTERS_MAX } from '../src/limits.ts';

const escaped = (text: string) => text.replace(/./gsu, () => '\\u0000');

it('[PUB-11] a body has room for the longest message, with every character escaped', () => {
  const message = '\u0000'.repeat(MESSAGE_BYTES_MAX);
  const targetId = 'x'.repeat(TARGET_ID_CHARACTERS_MAX);
  const body = `{"message":"${escaped(message)}","targetId":"${escaped(targetId)}"}`;
  expect(JSON.parse(body)).toMatchObject({ message });
  expect(Buffer.byteLength(body)).toBeLessThan(MESSAGE_BODY_BYTES_MAX);
  expect(BATCH_BODY_BYTES_MAX).toBeGreaterThan(20 * Buffer.byteLength(body));
});

it('[DEL-13] a client frame has room for the longest token, and for cursors', () => {
  const offsets = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`${index}`.padStart(128, 'x'), Number.MAX_SAFE_INTEGER]),
  );
  const token = 'x'.repeat(TOKEN_BYTES_MAX);
  const frame = JSON.stringify({ type: 'identify', clientId: 1, token, resume: { epoch: 'e', offsets } });
  expect(Buffer.byteLength(frame)).toBeLessThan(CLIENT_FRAME_BYTES_MAX);
});
