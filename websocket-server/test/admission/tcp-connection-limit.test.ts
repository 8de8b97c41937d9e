import { connect, type Socket } from 'node:net';
import { parseTrustedProxies } from '@postline/service-runtime';
import { openRawWebSocket, waitUntil } from '@postline/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import { startTestRelay, type TestRelay } from '../support/start-test-relay.ts';

const LIMITS = { connectionsPerAddressMax: 5, connectionsAwaitingIdentifyPerAddressMax: 3 };

describe('the door', () => {
  let relay: TestRelay;
  const sockets: Socket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await relay.close();
  });

  /** A connection of one of this machine's addresses, with what it was answered. */
  function open(request: string, localAddress = '127.0.0.1') {
    const socket = connect({ host: '127.0.0.1', port: relay.port, localAddress });
    sockets.push(socket);
    const seen = { text: '', closed: false };
    socket.on('error', () => undefined);
    socket.on('data', (piece: Buffer) => (seen.text += piece.toString('latin1')));
    socket.on('close', () => (seen.closed = true));
    socket.write(request);
    return seen;
  }

  const PLAIN = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

  it.each([
    ['plain requests', PLAIN],
    ['half requests', 'GET /healthz HTTP/1.1\r\nHost: loc'],
    ['nothing at all', ''],
  ])('[LIM-2] one address has so many connections and no more, with %s', async (_what, request) => {
    relay = await startTestRelay(LIMITS);
    const held = Array.from({ length: 20 }, () => open(request));
    await waitUntil('those beyond are closed', () => held.filter(({ closed }) => closed).length >= 12);
    const refused = open(PLAIN);
    await waitUntil('it is closed', () => refused.closed);
    expect(held.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(8);
    const other = open(PLAIN, '127.0.0.2');
    await waitUntil('another address is answered', () => other.text.startsWith('HTTP/1.1 200'));
  });

  it('[LIM-2] beyond the bound a request is answered 429 and its connection closed, and the place comes free', async () => {
    relay = await startTestRelay(LIMITS);
    const held = Array.from({ length: 5 }, () => open(PLAIN));
    await waitUntil('all are answered', () => held.every(({ text }) => text.startsWith('HTTP/1.1 200')));
    const beyond = open(PLAIN);
    await waitUntil('it is closed', () => beyond.closed);
    expect(beyond.text).toMatch(/^HTTP\/1\.1 429 .*Retry-After: \d/s);
    const upgrade = openRawWebSocket(connect({ host: '127.0.0.1', port: relay.port }));
    await expect(upgrade).rejects.toThrow('HTTP/1.1 429');
    sockets[0]?.destroy();
    await waitUntil('there is a place again', async () => {
      const again = open(PLAIN);
      await waitUntil('it is answered', () => again.text !== '');
      return again.text.startsWith('HTTP/1.1 200');
    });
  });

  it('[LIM-2] a trusted proxy stands for many: its connections are not counted', async () => {
    const proxies = parseTrustedProxies('127.0.0.1');
    if (!proxies.ok) throw new Error(proxies.error);
    relay = await startTestRelay({ ...LIMITS, trustedProxies: proxies.value });
    const held = Array.from({ length: 20 }, () => open(PLAIN));
    await waitUntil('all are answered', () => held.every(({ text }) => text.startsWith('HTTP/1.1 200')));
  });
});
