import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { TcpProxy, waitUntil } from '@postline/test-support';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let proxy: TcpProxy;
let closeServer: () => void;
let heard = '';

/** A server that answers everything with itself. */
beforeEach(async () => {
  heard = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', (bytes) => (heard += bytes.toString('latin1')));
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await TcpProxy.start((server.address() as AddressInfo).port);
  closeServer = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
});

afterEach(async () => {
  await proxy.close();
  closeServer();
});

async function openClient() {
  const socket = connect(proxy.port, '127.0.0.1');
  const client = { socket, received: '', isClosed: false, hadError: false };
  socket.on('data', (bytes) => (client.received += bytes.toString('latin1')));
  socket.on('error', () => (client.hadError = true));
  socket.on('close', () => (client.isClosed = true));
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  return client;
}

describe('TcpProxy', () => {
  it('passes megabytes on unchanged, and an end as an end', async () => {
    const client = await openClient();
    const text = 'abcdefghij'.repeat(400_000);
    client.socket.end(text);
    await waitUntil('the end came back', () => client.isClosed);
    expect(client.received === text).toBe(true);
    expect(client.hadError).toBe(false);
  });

  it.each(['up', 'down'] as const)(
    'frozen %s: nothing arrives, nobody is told, then it goes on',
    async (way) => {
      const client = await openClient();
      client.socket.write('one ');
      await waitUntil('the first came back', () => client.received === 'one ');
      proxy.freeze(way);
      client.socket.write('two ');
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(client.received).toBe('one ');
      expect(client.isClosed).toBe(false);
      proxy.heal();
      await waitUntil('the second came back', () => client.received === 'one two ');
    },
  );

  it('cut: open connections are reset, new ones too, until it is healed', async () => {
    const before = await openClient();
    proxy.cut();
    await waitUntil('the connection was reset', () => before.hadError && before.isClosed);
    const meanwhile = await openClient();
    await waitUntil('so was the new one', () => meanwhile.isClosed);
    proxy.heal();
    const after = await openClient();
    after.socket.write('back');
    await waitUntil('it works again', () => after.received === 'back');
    expect(proxy.connectionCount()).toBe(1);
  });

  it('silenced: what was open stays open and carries nothing ever again', async () => {
    const before = await openClient();
    proxy.silence();
    before.socket.write('lost');
    proxy.heal();
    const after = await openClient();
    after.socket.write('passes');
    await waitUntil('the new one was answered', () => after.received === 'passes');
    expect([before.received, before.isClosed, heard]).toEqual(['', false, 'passes']);
  });

  it('held: new connections wait until it is healed', async () => {
    proxy.hold();
    const client = await openClient();
    client.socket.write('early');
    await waitUntil('it waits', () => proxy.heldCount() === 1);
    expect(heard).toBe('');
    proxy.heal();
    await waitUntil('it was answered', () => client.received === 'early');
    expect(proxy.heldCount()).toBe(0);
  });

  it('delayed: the answer takes both delays', async () => {
    proxy.delay(80);
    const client = await openClient();
    const start = performance.now();
    client.socket.write('ping');
    await waitUntil('it came back', () => client.received === 'ping');
    expect(performance.now() - start).toBeGreaterThanOrEqual(160);
  });

  it('slow: so many bytes in a second', async () => {
    proxy.slow(20_000);
    const client = await openClient();
    const start = performance.now();
    client.socket.write('x'.repeat(10_000));
    await waitUntil('it came back', () => client.received.length === 10_000);
    expect(performance.now() - start).toBeGreaterThanOrEqual(400);
  });

  it('losing answers: the server has heard it, the client is cut off', async () => {
    proxy.loseAnswers(1);
    const client = await openClient();
    client.socket.write('ping');
    await waitUntil('the connection was reset', () => client.isClosed);
    expect(client.received).toBe('');
  });

  it.each(['reset-unheard', 'reset-unanswered', 'silence-unheard', 'silence-unanswered'] as const)(
    'a chosen piece, %s: it breaks its connection, others go on',
    async (fate) => {
      const other = await openClient();
      const client = await openClient();
      proxy.breakAt((piece) => piece.toString('latin1') === 'COMMIT', fate);
      client.socket.write('one ');
      other.socket.write('other');
      await waitUntil('both were answered', () => client.received === 'one ' && other.received === 'other');
      client.socket.write('COMMIT');
      if (fate.startsWith('reset')) await waitUntil('the connection was reset', () => client.isClosed);
      other.socket.write(' later');
      await waitUntil('the other was answered', () => other.received === 'other later');
      expect(client.received).toBe('one ');
      expect([client.isClosed, other.isClosed]).toEqual([fate.startsWith('reset'), false]);
      expect(heard.includes('COMMIT')).toBe(fate.endsWith('unanswered'));
    },
  );
});
