import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { waitUntil } from '@postline/test-support';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PostlinePublisher } from '../../src/publisher/postline-publisher.ts';
import type { PublishError } from '../../src/publisher/publish-error.ts';
import { TestEnvironment } from '../support/test-environment.ts';

interface Request {
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** The API's next answer: `cut` breaks the connection, `never` sends nothing. */
type Answer =
  | 'cut'
  | 'never'
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> };

const STORED = { id: '7', targetId: '1', offset: 3, createdAt: '2026-11-25T12:00:00.000Z', status: 'sent' };
const OVERLOADED = {
  status: 503,
  body: { code: 'overloaded', detail: 'too much to do' },
  headers: { 'Retry-After': '2' },
};

describe('PostlinePublisher', () => {
  let server: Server;
  let environment: TestEnvironment;
  let publisher: PostlinePublisher;
  let requests: Request[];
  let answers: Answer[];

  beforeEach(async () => {
    requests = [];
    answers = [];
    environment = new TestEnvironment();
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      request.on('end', () => {
        requests.push({ path: request.url, headers: request.headers, body: JSON.parse(text) });
        const answer = answers.shift() ?? 'never';
        if (answer === 'cut') request.socket.destroy();
        if (typeof answer === 'string') return;
        const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
        response.writeHead(answer.status, answer.headers).end(body);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
    publisher = new PostlinePublisher({ url, key: 'secret' }, environment);
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  /** Waits for the end of the nth request, then advances the clock. */
  async function afterRequest(number: number, milliseconds: number): Promise<void> {
    await waitUntil(`request ${number}`, () => requests.length === number);
    await new Promise((done) => setTimeout(done, 50));
    environment.advance(milliseconds);
  }

  it('[SDK-13] publishes a JSON value in place of a text, alone and in a batch', async () => {
    const json = { order: 7, lines: [null, 'ä'] };
    answers = [
      { status: 201, body: STORED },
      { status: 201, body: { messages: [STORED] } },
    ];
    await publisher.publish({ json, targetId: 1 });
    await publisher.publishBatch([{ json: 0, targetId: 1, idempotencyKey: 'k' }]);
    expect(requests.map(({ body }) => body)).toEqual([
      { json, targetId: 1 },
      { messages: [{ json: 0, targetId: 1, idempotencyKey: 'k' }] },
    ]);
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    await expect(publisher.publish({ json: cycle, targetId: 1 })).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('[SDK-13] uses one key for all attempts, and waits the requested time plus jitter', async () => {
    answers = ['cut', OVERLOADED, { status: 201, body: STORED, headers: { 'Idempotent-Replayed': 'true' } }];
    const published = publisher.publish({ message: 'Hello', targetId: 1 });
    await afterRequest(1, 100);
    await afterRequest(2, 2_199);
    expect(requests).toHaveLength(2);
    environment.advance(1);
    expect(await published).toEqual({ ...STORED, replayed: true });
    expect(new Set(requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(requests[0]).toMatchObject({
      path: '/api/messages',
      headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
      body: { message: 'Hello', targetId: 1 },
    });
  });

  it("[SDK-13] waits as long as a proxy asks, although its answer is not the API's", async () => {
    const refusal = { status: 503, body: '<h1>Later</h1>', headers: { 'Retry-After': '2' } };
    answers = [refusal, { status: 201, body: STORED }];
    const published = publisher.publish({ message: 'Hello', targetId: 1 });
    await afterRequest(1, 2_099);
    expect(requests).toHaveLength(1);
    environment.advance(1);
    expect(await published).toMatchObject(STORED);
  });

  it('[SDK-13] each message of a batch has its own key', async () => {
    answers = [{ status: 201, body: { messages: [STORED, { ...STORED, offset: 4, replayed: true }] } }];
    const messages = [
      { message: 'a', targetId: 1, idempotencyKey: 'own' },
      { message: 'b', targetId: 1 },
    ];
    expect(await publisher.publishBatch(messages)).toMatchObject([
      { offset: 3, replayed: false },
      { offset: 4, replayed: true },
    ]);
    expect(requests[0]).toMatchObject({
      path: '/api/messages/batch',
      body: {
        messages: [{ idempotencyKey: 'own' }, { idempotencyKey: expect.stringMatching(/^[0-9a-f-]{36}$/) }],
      },
    });
  });

  it('[SDK-13] does not retry what cannot succeed; the error has the API’s code', async () => {
    const errors = [{ path: 'message', message: 'must not be empty' }];
    answers = [{ status: 400, body: { code: 'validation_failed', detail: 'no', errors } }];
    const failed = publisher.publish({ message: '', targetId: 1 });
    await expect(failed).rejects.toMatchObject({
      code: 'validation_failed',
      status: 400,
      errors,
      retryable: false,
    });
    expect(requests).toHaveLength(1);
  });

  it('[SDK-13] an answer that is not from the API is reported as such', async () => {
    answers = [{ status: 200, body: '<h1>Welcome</h1>' }];
    await expect(publisher.publish({ message: 'a', targetId: 1 })).rejects.toMatchObject({
      code: 'unknown_answer',
    });
  });

  it('[SDK-13] gives up one attempt after its time, and all of them after the total time', async () => {
    let error: PublishError | undefined;
    void publisher.publish({ message: 'a', targetId: 1 }).catch((cause: unknown) => {
      error = cause as PublishError;
    });
    for (let attempt = 1; error === undefined; attempt += 1) {
      await waitUntil('an attempt or the end', () => requests.length >= attempt || error !== undefined);
      environment.advance(10_000);
      await new Promise((done) => setTimeout(done, 20));
      environment.advance(5_000);
      await new Promise((done) => setTimeout(done, 20));
    }
    expect(error).toMatchObject({ code: 'timeout', retryable: true });
    expect(requests.length).toBeGreaterThan(2);
  });

  it('[SDK-16] a date in Retry-After is compared with the clock of the server that sent it', async () => {
    const serverClock = 'Sat, 01 Jan 2000 00:00:00 GMT';
    const headers = { 'Retry-After': 'Sat, 01 Jan 2000 00:00:02 GMT', Date: serverClock };
    answers = [
      { ...OVERLOADED, headers },
      { status: 201, body: STORED },
    ];
    const published = publisher.publish({ message: 'Hello', targetId: 1 });
    await afterRequest(1, 2_099);
    expect(requests).toHaveLength(1);
    environment.advance(1);
    expect(await published).toMatchObject(STORED);
  });

  it('[SDK-17] arguments that fit into no request are refused at once', async () => {
    const circular: { itself?: unknown } = {};
    circular.itself = circular;
    for (const message of [
      { message: 'a', targetId: 1, idempotencyKey: 'schlüssel' },
      { message: 'a', targetId: 1, idempotencyKey: 'a\nb' },
      { message: circular as unknown as string, targetId: 1 },
      { message: 'a', targetId: 1n as unknown as number },
    ]) {
      await expect(publisher.publish(message)).rejects.toMatchObject({
        name: 'PublishError',
        code: 'invalid_request',
        retryable: false,
        cause: expect.any(TypeError),
      });
    }
    const nothing = undefined as unknown as [];
    await expect(publisher.publishBatch(nothing)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(() => new PostlinePublisher({ url: 'http://localhost', key: 'geheim\u0000' })).toThrow(
      new TypeError('invalid option key'),
    );
    expect(requests).toEqual([]);
  });

  it('[SDK-17] an answer with another number of messages is rejected', async () => {
    answers = [
      { status: 201, body: { messages: [] } },
      { status: 201, body: { messages: [STORED] } },
    ];
    await expect(publisher.publish({ message: 'a', targetId: 1 })).rejects.toMatchObject({
      code: 'unknown_answer',
    });
    const two = [
      { message: 'a', targetId: 1 },
      { message: 'b', targetId: 1 },
    ];
    await expect(publisher.publishBatch(two)).rejects.toMatchObject({ code: 'unknown_answer' });
  });

  it('[SDK-13] a signal ends a publish, during an attempt and between two', async () => {
    const inAttempt = new AbortController();
    const first = publisher.publish({ message: 'a', targetId: 1 }, { signal: inAttempt.signal });
    await waitUntil('a request', () => requests.length === 1);
    inAttempt.abort();
    await expect(first).rejects.toMatchObject({ code: 'aborted', retryable: false });

    answers = [OVERLOADED];
    const between = new AbortController();
    const second = publisher.publish({ message: 'a', targetId: 1 }, { signal: between.signal });
    await afterRequest(2, 0);
    between.abort(new Error('enough'));
    await expect(second).rejects.toMatchObject({ code: 'aborted', cause: new Error('enough') });
    expect(requests).toHaveLength(2);
  });
});
