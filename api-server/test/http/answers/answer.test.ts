/** Answers that are given before the body was read, and clients that read only after they have written everything. */
import { connect } from 'node:net';
import { writeThenRead } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import { startTestApi } from '../../support/start-test-api.ts';

/** More than the system's buffers of both sides take together. */
const BODY = Buffer.alloc(12 * 1024 * 1024, 'a');
const PIECE_BYTES = 64 * 1024;

const JSON_TYPE = 'Content-Type: application/json\r\n';
const LENGTH = `Content-Length: ${BODY.length}\r\n`;
const inChunks = Buffer.concat(
  Array.from({ length: BODY.length / PIECE_BYTES }, () => [
    Buffer.from(`${PIECE_BYTES.toString(16)}\r\n`),
    BODY.subarray(0, PIECE_BYTES),
    Buffer.from('\r\n'),
  ])
    .flat()
    .concat(Buffer.from('0\r\n\r\n')),
);

describe('[PUB-14] a client that writes everything before it reads gets the answer', () => {
  it.each([
    ['413 by its length', 'POST / HTTP/1.1', JSON_TYPE + LENGTH, BODY],
    ['413 as it comes', 'POST / HTTP/1.1', `${JSON_TYPE}Transfer-Encoding: chunked\r\n`, inChunks],
    ['415', 'POST /messages/batch HTTP/1.1', LENGTH, BODY],
    ['403', 'POST / HTTP/1.1', `Origin: http://foreign.test\r\n${JSON_TYPE}${LENGTH}`, BODY],
    ['404', 'POST /nothing HTTP/1.1', LENGTH, BODY],
    ['405', 'PUT /messages HTTP/1.1', LENGTH, BODY],
    ['414', `POST /${'x'.repeat(9_000)} HTTP/1.1`, LENGTH, BODY],
    ['431', 'POST / HTTP/1.1', `X: ${'x'.repeat(20_000)}\r\n${LENGTH}`, BODY],
    ['400', 'PUBLISH / HTTP/1.1', LENGTH, BODY],
    ['200', 'GET /healthz HTTP/1.1', LENGTH, BODY],
  ])('%s', async (title, line, headers, body) => {
    const api = await startTestApi();
    for (const connection of ['', 'Connection: close\r\n']) {
      const head = `${line}\r\nHost: localhost\r\n${connection}${headers}\r\n`;
      const answer = await writeThenRead(api.port, head, body);
      expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${title.slice(0, 3)}`);
      expect(answer).toMatch(/connection: close/i);
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    }
    await api.close();
  });

  it('401, and 429 for whom tries too often', async () => {
    const env = {
      AUTH: 'required',
      CLIENT_TOKEN_SECRET: 'Zq8vK2mX5rT1yB7nW4cL9dH3jF6sG0pA',
      FAILED_AUTHENTICATIONS_PER_MINUTE: '1',
    };
    const api = await startTestApi({ env });
    const head = `POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\n${JSON_TYPE}${LENGTH}\r\n`;
    const answers = [await writeThenRead(api.port, head, BODY), await writeThenRead(api.port, head, BODY)];
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(['401', '429']);
    await api.close();
  });
});

/** Answers on one connection, as they come. */
function openConnection(port: number, options: { readonly allowHalfOpen?: boolean } = {}) {
  const socket = connect({ port, host: '127.0.0.1', ...options });
  let received = '';
  socket.setEncoding('latin1').on('error', () => undefined);
  socket.on('data', (text: string) => (received += text));
  return { socket, received: () => received };
}

const answersIn = (text: string) => text.match(/HTTP\/1\.1 \d{3}/g) ?? [];

it('[PUB-14] a connection stays usable if little of the refused body is left', async () => {
  const api = await startTestApi();
  const { socket, received } = openConnection(api.port);
  socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n');
  await expect.poll(() => answersIn(received())).toEqual(['HTTP/1.1 415']);
  socket.write(`${'a'.repeat(1_000)}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await expect.poll(() => answersIn(received())).toEqual(['HTTP/1.1 415', 'HTTP/1.1 200']);
  socket.destroy();
  await api.close();
});

describe('[PUB-15] a client that asks whether to send its body (Expect: 100-continue)', () => {
  const head = (length: number) =>
    `POST / HTTP/1.1\r\nHost: localhost\r\n${JSON_TYPE}Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;

  it('gets 100 Continue if the body is wanted', async () => {
    const api = await startTestApi();
    const body = '{"message":"a","targetId":"expecting"}';
    const { socket, received } = openConnection(api.port);
    socket.write(head(body.length));
    await expect.poll(() => answersIn(received())).toEqual(['HTTP/1.1 100']);
    socket.write(body);
    await expect.poll(() => answersIn(received())).toEqual(['HTTP/1.1 100', 'HTTP/1.1 201']);
    socket.destroy();
    await api.close();
  });

  it('gets only the refusal if the body is not wanted, and the connection ends', async () => {
    const api = await startTestApi();
    const { socket, received } = openConnection(api.port);
    socket.write(head(1_000_000));
    await expect.poll(() => answersIn(received())).toEqual(['HTTP/1.1 413']);
    expect(received()).toMatch(/connection: close/i);
    socket.destroy();
    await api.close();
  });
});

it('[PUB-14] at most 64 MiB of a body are read after the answer', async () => {
  const api = await startTestApi();
  const { socket, received } = openConnection(api.port, { allowHalfOpen: true });
  socket.write(`POST / HTTP/1.1\r\nHost: localhost\r\n${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n`);
  const piece = Buffer.concat(Array.from({ length: 64 }, () => inChunks.subarray(0, PIECE_BYTES + 9)));
  let sent = 0;
  let onRoom: (value: unknown) => void = () => undefined;
  socket
    .on('drain', () => {
      onRoom(undefined);
    })
    .on('close', () => {
      onRoom(undefined);
    });
  while (!socket.destroyed && sent < 200 * 1024 * 1024) {
    sent += piece.length;
    if (!socket.write(piece)) await new Promise((resolve) => void (onRoom = resolve));
  }
  expect(answersIn(received())).toEqual(['HTTP/1.1 413']);
  expect(sent).toBeGreaterThan(64 * 1024 * 1024);
  expect(sent).toBeLessThan(100 * 1024 * 1024);
  await api.close();
});
