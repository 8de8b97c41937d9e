import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listen } from '@postline/service-runtime';
import { nextCloseCode, openRawWebSocket, rawFrame, RelayClient, waitUntil } from '@postline/test-support';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { attachSocketServer } from '../../src/socket/socket-server.ts';
import { WriteTurn } from '../../src/socket/write-turn.ts';
import type { UpgradeRefusal } from '../../src/admission/upgrade-refusal.ts';
import { RecordingHost } from '../support/model-host.ts';
import { roomyQueues } from '../support/roomy-queues.ts';

const FRAME_BYTES_MAX = 64 * 1024;
const IDENTIFY_FRAME_BYTES_MAX = 256 * 1024;

describe('attachSocketServer', () => {
  let server: Server;
  let port: number;
  let host: RecordingHost;
  let refused: UpgradeRefusal | undefined;
  let connections: Connection[];
  let counters: RelayCounters;

  beforeEach(async () => {
    host = new RecordingHost();
    refused = undefined;
    connections = [];
    const counted = new RelayCounters(); // of this test alone, also for sockets that end after it
    counters = counted;
    server = createServer();
    attachSocketServer({
      httpServer: server,
      turn: new WriteTurn(),
      queues: roomyQueues(),
      host,
      refusal: () => refused,
      addressOf: () => '127.0.0.1',
      onConnection: (connection) => connections.push(connection),
      onClose: (code) => {
        counted.countClose(code);
      },
    });
    port = await listen(server, { host: '127.0.0.1', port: 0 });
  });

  afterEach(async () => {
    for (const { socket } of connections) socket.terminate();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const connectClient = (path = '') => RelayClient.connect(`http://127.0.0.1:${port}${path}`);
  const connectRaw = () => openRawWebSocket(connect({ host: '127.0.0.1', port }));

  it.each(['/', '/any/path?x=1', '/healthz'])('takes connections at %s', async (path) => {
    const client = await connectClient(path);
    client.send({ type: 'ping' });
    await client.frame('pong');
  });

  it('refuses upgrades, each with its status, and keeps nothing of them', async () => {
    const refusals = [
      ['host-not-allowed', 403],
      ['draining', 503],
      ['too-many-connections', 503],
      ['too-many-from-this-address', 429],
      ['too-many-bad-tokens', 429],
    ] as const;
    const sockets: Socket[] = [];
    for (const [refusal, status] of refusals) {
      refused = refusal;
      const raw = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
      sockets.push(raw);
      await expect(openRawWebSocket(raw), refusal).rejects.toThrow(`HTTP/1.1 ${status}`);
    }
    await waitUntil('the server has dropped the half-open sockets', async () => (await openSockets()) === 0);
    for (const socket of sockets) socket.destroy();
  });

  function openSockets(): Promise<number> {
    return new Promise((resolve, reject) => {
      server.getConnections((error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }

  it('[DEL-13] a binary frame is 4500', async () => {
    const client = await connectRaw();
    client.write(rawFrame({ opcode: 2, payload: '{"type":"ping"}' }));
    await waitUntil('it is closed', () => counters.closesByCode.get('4500'));
  });

  it('[DEL-13] a frame of 64 KiB is taken, one byte more is 1009', async () => {
    const client = await connectClient();
    const frame = (bytes: number) => {
      const empty = JSON.stringify({ type: 'ping', pad: '' });
      return JSON.stringify({ type: 'ping', pad: 'x'.repeat(bytes - empty.length) });
    };
    client.send(frame(FRAME_BYTES_MAX));
    await client.frame('pong');
    client.send(frame(FRAME_BYTES_MAX + 1));
    expect(await client.closed()).toBe(1009);
  });

  it('[FOL-8] an identify may have 256 KiB; one byte more is 1009', async () => {
    const identify = (bytes: number) => {
      const empty = JSON.stringify({ type: 'identify', clientId: 1, pad: '' });
      return JSON.stringify({ type: 'identify', clientId: 1, pad: 'x'.repeat(bytes - empty.length) });
    };
    const [fits, exceeds] = [await connectClient(), await connectClient()];
    fits.send(identify(IDENTIFY_FRAME_BYTES_MAX));
    await waitUntil('it is identified', () => host.identified.length === 1);
    fits.send({ type: 'ping', pad: 'x'.repeat(FRAME_BYTES_MAX) });
    expect(await fits.closed()).toBe(1009);
    exceeds.send(identify(IDENTIFY_FRAME_BYTES_MAX + 1));
    expect(await exceeds.closed()).toBe(1009);
    expect(host.identified).toHaveLength(1);
  });

  it('[DEL-13] many small fragments are not collected', async () => {
    const client = await connectRaw();
    client.write(rawFrame({ opcode: 1, payload: '{', isLast: false }));
    for (let count = 0; count < 100; count += 1)
      client.write(rawFrame({ opcode: 0, payload: ' ', isLast: false }));
    expect(await nextCloseCode(client)).toBe(1008);
  });

  it('a frame in a few fragments is one frame', async () => {
    const client = await connectRaw();
    const received = new Promise<Buffer>((resolve) => client.once('data', resolve));
    client.write(rawFrame({ opcode: 1, payload: '{"type":', isLast: false }));
    client.write(rawFrame({ opcode: 0, payload: '"ping"}' }));
    expect((await received).toString('latin1')).toContain('{"type":"pong"}');
  });

  it('a text frame that is not UTF-8 closes the socket', async () => {
    const client = await connectRaw();
    client.write(rawFrame({ opcode: 1, payload: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }));
    expect(await nextCloseCode(client)).toBe(1007);
  });

  it('does not compress, whatever the client offers', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: true });
    await new Promise((open) => socket.once('open', open));
    expect(socket.extensions).toBe('');
    socket.terminate();
  });

  it('[DEL-13] listens to nothing more of a client that is being closed', async () => {
    const client = await connectRaw();
    const nonsense = rawFrame({ opcode: 1, payload: 'nonsense' });
    const identify = rawFrame({ opcode: 1, payload: '{"type":"identify","clientId":1}' });
    client.write(Buffer.concat([...Array.from({ length: 1_000 }, () => nonsense), identify]));
    await waitUntil('it is dropped', () => host.closed.length === 1);
    expect(host.identified).toEqual([]);
    expect([...counters.closesByCode].filter(([, closes]) => closes > 0)).toEqual([['4500', 1]]);
  });

  it('a peer that sends a close frame and never hangs up is dropped soon', async () => {
    const client = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    await openRawWebSocket(client);
    client.write(rawFrame({ opcode: 8, payload: Buffer.from([0x03, 0xe8]) }));
    await waitUntil('it is gone', () => host.closed.length === 1);
    client.destroy();
  });

  it('survives a burst of protocol pings', async () => {
    const client = await connectRaw();
    const pings = Array.from({ length: 40 }, () => rawFrame({ opcode: 9, payload: 'x' }));
    client.write(Buffer.concat([...pings, rawFrame({ opcode: 1, payload: '{"type":"ping"}' })]));
    let received = '';
    client.on('data', (data: Buffer) => {
      received += data.toString('latin1');
    });
    await waitUntil('the frame after the pings is answered', () => received.includes('pong'));
    expect(connections[0]?.state).toBe('awaiting-identify');
  });

  it.each([
    ['ping', 9],
    ['pong', 10],
  ])('[DEL-14] takes a protocol %s as a sign of life', async (_name, opcode) => {
    const client = await connectRaw();
    const [connection] = connections as [Connection];
    connection.onHeartbeat();
    let signs = 0;
    const onSignOfLife = connection.onSignOfLife.bind(connection);
    connection.onSignOfLife = () => {
      signs += 1;
      onSignOfLife();
    };
    client.write(rawFrame({ opcode, payload: '' }));
    await waitUntil('a sign of life', () => signs > 0);
    connection.onHeartbeat();
    expect(connection.socket.isWritable()).toBe(true);
  });
});
