import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runInNewContext } from 'node:vm';
import { waitUntil } from '@postline/test-support';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type * as Exports from '../../src/index.ts';
import { FakeRelay, messageFrame } from '../support/fake-relay.ts';

type Library = typeof Exports;
type World = Record<string, unknown>;

const CODE = readFileSync(new URL('../../dist/cjs/index.js', import.meta.url), 'utf8');
const TIMERS = { setTimeout, clearTimeout };

/** Loads the library with these globals and those of the language. */
function libraryIn(world: World): Library {
  const module = { exports: {} };
  runInNewContext(CODE, { ...world, module, exports: module.exports });
  return module.exports as Library;
}

function ThrowingSocket(): never {
  throw new DOMException('blocked', 'SecurityError');
}

describe('a platform other than a browser', () => {
  let relay: FakeRelay;

  beforeEach(async () => {
    relay = await FakeRelay.start();
  });

  afterEach(() => relay.stop());

  const thrower = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  const WORLDS: Record<string, World> = {
    'with timers and a WebSocket alone': {},
    'React Native': { performance, navigator: { product: 'ReactNative' }, window: {}, document: undefined },
    'a polyfill of document without events': { document: {}, location: {}, performance: {}, crypto: {} },
    'an old browser': { URL, location: new URL('http://localhost/'), addEventListener: () => undefined },
    'a browser that refuses its storage': Object.defineProperties(
      {},
      {
        localStorage: { get: thrower, enumerable: false },
        sessionStorage: { get: thrower, enumerable: false },
      },
    ),
    'a worker': { URL, location: new URL('blob:http://localhost/1'), self: {}, atob, AbortController },
  };

  it.each(Object.keys(WORLDS))('[SDK-16] a client works in %s', async (name) => {
    const { PostlineClient, localStorageCursorStore } = libraryIn({ ...TIMERS, WebSocket, ...WORLDS[name] });
    const received: number[] = [];
    const client = new PostlineClient({
      url: relay.url,
      clientId: 1,
      token: () => 'h.eyJpYXQiOjAsImV4cCI6NjAwfQ.s',
      cursorStore: localStorageCursorStore(),
      ackIntervalMs: 1,
    });
    client.on('message', ({ offset }) => received.push(offset));
    const connection = await relay.connection(1);
    await connection.identified();
    connection.send(messageFrame(1));
    await connection.received('ack');
    expect(received).toEqual([1]);
    client.wake();
    await connection.received('ping');
    await client.close();
    expect(client.state).toMatchObject({ state: 'closed', error: undefined });
  });

  it('[SDK-16] a listener that throws is reported on a platform without queueMicrotask', async () => {
    const thrown: unknown[] = [];
    const later = (callback: () => void, milliseconds?: number) =>
      setTimeout(() => {
        try {
          callback();
        } catch (error) {
          thrown.push(error);
        }
      }, milliseconds);
    const { PostlineClient } = libraryIn({ WebSocket, clearTimeout, setTimeout: later });
    const client = new PostlineClient({ url: relay.url, clientId: 1 });
    const own = new Error('own');
    client.on('state', ({ state }) => {
      if (state === 'live') throw own;
    });
    await (await relay.connection(1)).identified();
    await waitUntil('thrown', () => thrown.includes(own));
    await client.close();
  });

  it.each([
    ['no WebSocket', TIMERS],
    ['a WebSocket that refuses the address', { ...TIMERS, WebSocket: ThrowingSocket }],
  ])('[SDK-17] with %s the client is closed at once, with the reason', async (_name, world) => {
    const { PostlineClient, PostlineError } = libraryIn(world);
    const client = new PostlineClient({ url: relay.url, clientId: 1 });
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    await waitUntil('closed', () => client.state.state === 'closed');
    expect(client.state).toMatchObject({ error: { code: 'cannot_connect' } });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(PostlineError);
    await expect(client[Symbol.asyncIterator]().next()).rejects.toBe(errors[0]);
  });

  it('[SDK-16] a publisher needs only fetch, and its keys are unique', async () => {
    const keys: unknown[] = [];
    const server = createServer((request, response) => {
      keys.push(request.headers['idempotency-key']);
      const stored = { id: '1', targetId: '1', offset: 1, createdAt: 'now', status: 'sent' };
      response.writeHead(201).end(JSON.stringify(stored));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/push/api`;
    const getRandomValues = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes);
    for (const world of [{}, { crypto: {} }, { crypto: { getRandomValues } }, { crypto }]) {
      const { PostlinePublisher } = libraryIn({ ...TIMERS, fetch, ...world });
      const publisher = new PostlinePublisher({ url });
      for (let count = 0; count < 5; count += 1)
        expect(await publisher.publish({ message: 'hello', targetId: 1 })).toMatchObject({ offset: 1 });
    }
    expect(new Set(keys).size).toBe(20);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f-]{32,64}$/);
    const { PostlinePublisher } = libraryIn(TIMERS);
    const lonely = new PostlinePublisher({ url }).publish({ message: 'hello', targetId: 1 });
    await expect(lonely).rejects.toMatchObject({ name: 'PublishError', code: 'cannot_connect' });
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
});
