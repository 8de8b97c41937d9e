import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { waitUntil } from '@postline/test-support';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/start-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ env: { BODIES_BYTES_MAX: String(16 * 1024 * 1024) } });
});
afterAll(async () => {
  await api.close();
});

const BODY = '{"message":"a","targetId":"body"}';
const send = (body: string | Buffer, headers: Record<string, string> = {}, path = '/') => {
  const request = supertest(api.url)
    .post(path)
    .set({ 'Content-Type': 'application/json', ...headers });
  return request.serialize((value: unknown) => value as string).send(body);
};

describe('media types', () => {
  it.each([
    'application/json',
    'Application/JSON; charset=UTF-8',
    'application/json;charset="utf-8"',
    'application/json; profile=x',
  ])('[PUB-11] %s is taken', async (type) => {
    expect((await send(BODY, { 'Content-Type': type })).status).toBe(201);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/problem+json',
    'application/jsonp',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
  ])('[PUB-11] %s: unsupported_media_type', async (type) => {
    const response = await send(BODY, { 'Content-Type': type });
    expect(response.status).toBe(415);
    expect(response.type).toBe('application/problem+json');
    expect(response.body.code).toBe('unsupported_media_type');
  });

  it('[PUB-11] no Content-Type: unsupported_media_type', async () => {
    const answer = await fetch(`${api.url}/`, { method: 'POST', body: Buffer.from(BODY) });
    expect(answer.status).toBe(415);
    const without = await fetch(`${api.url}/`, { method: 'POST' });
    expect(without.status).toBe(415);
  });

  it.each(['gzip', 'br', 'deflate', 'gzip, identity'])(
    '[PUB-11] compressed (%s) is refused unread',
    async (encoding) => {
      const response = await send(gzipSync(Buffer.alloc(1_000_000)), { 'Content-Encoding': encoding });
      expect(response.body.code).toBe('unsupported_media_type');
    },
  );
});

describe('bodies that are not JSON', () => {
  it.each<[title: string, body: string | Buffer]>([
    ['nothing', ''],
    ['an open brace', '{'],
    ['single quotes', "{'message':'a'}"],
    ['two values', '{} {}'],
    ['UTF-16', Buffer.from(BODY, 'utf16le')],
    ['bytes that are no UTF-8', Buffer.from([...Buffer.from('{"message":"'), 0xc3, 0x28, 0x22, 0x7d])],
    ['half a character', Buffer.from(BODY).subarray(0, 10)],
    ['a surrogate in UTF-8 bytes', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ])('[PUB-10] %s: malformed_json', async (_title, body) => {
    const response = await send(body);
    expect(response.status).toBe(400);
    expect(response.type).toBe('application/problem+json');
    expect(response.body.code).toBe('malformed_json');
  });

  it('[PUB-10] 49,000 open brackets are an ordinary mistake, well-formed or not', async () => {
    const nested = '['.repeat(49_000) + ']'.repeat(49_000);
    expect((await send('['.repeat(49_000))).body.code).toBe('malformed_json');
    expect((await send(nested)).body.code).toBe('validation_failed');
    expect((await send(`{"message":${nested},"targetId":1}`)).body.code).toBe('validation_failed');
    expect((await send(`{"message":"a","targetId":${nested}}`)).body.code).toBe('validation_failed');
    expect((await send(`{"message":"a","targetId":1,"x":${nested}}`)).status).toBe(201);
  });

  it('[PUB-10] escaped lone surrogates are valid JSON, but not a valid message', async () => {
    const response = await send('{"message":"\\ud83d","targetId":1}');
    expect(response.body).toMatchObject({ code: 'validation_failed', errors: [{ path: 'message' }] });
  });

  it('a byte order mark is let', async () => {
    expect((await send(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(BODY)]))).status).toBe(
      201,
    );
  });
});

describe('sizes', () => {
  const padded = (bytes: number) => BODY + ' '.repeat(bytes - BODY.length);
  const BATCH = '{"messages":[{"message":"a","targetId":"body"}]}';

  it('[PUB-11] a message body has at most 512 KiB', async () => {
    expect((await send(padded(512 * 1024))).status).toBe(201);
    const response = await send(padded(512 * 1024 + 1));
    expect(response).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
  });

  it('[PUB-11] 8 MiB for a batch, and not a byte more', async () => {
    const limit = 8 * 1024 * 1024;
    expect((await send(BATCH.padEnd(limit), {}, '/messages/batch')).status).toBe(201);
    expect((await send(BATCH.padEnd(limit + 1), {}, '/messages/batch')).status).toBe(413);
  });

  it('[PUB-11] a body without a length is counted as it comes', async () => {
    const chunk = new TextEncoder().encode(' '.repeat(64 * 1024));
    let chunks = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        chunks += 1;
        if (chunks > 64) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${api.url}/`, { method: 'POST', headers, body, duplex: 'half' });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ code: 'payload_too_large' });
  });

  it('[PUB-8] the memory of all bodies together is bounded, and released afterwards', async () => {
    // Two batches that never end take 14 of the 16 MiB; a third finds no room.
    const size = 7 * 1024 * 1024;
    const head = `POST /messages/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${size + 1}\r\n\r\n`;
    const holders = new Set<Socket>();
    const hold = () => {
      const socket = connect(api.port, '127.0.0.1');
      holders.add(socket);
      socket.on('error', () => undefined);
      // One that came after a third that was let in is refused itself: another takes its place.
      socket.once('data', () => {
        socket.destroy();
        holders.delete(socket);
        hold();
      });
      socket.write(head);
      socket.write(Buffer.alloc(size, ' '));
    };
    hold();
    hold();
    const third = () => send(BATCH.padEnd(size), {}, '/messages/batch');
    await waitUntil('the bodies have no room', async () => (await third()).body.code === 'overloaded');
    for (const socket of holders) socket.destroy();
    await waitUntil('there is room again', async () => (await third()).status === 201);
  });

  it('[PUB-10] an incomplete body has no effect', async () => {
    for (const path of ['/', '/messages/batch']) {
      const socket = connect(api.port, '127.0.0.1');
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"mess`,
      );
      socket.end();
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk as Buffer);
      expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 400 [^]*"code":"/);
    }
    expect((await send(BODY)).status).toBe(201);
  });
});
