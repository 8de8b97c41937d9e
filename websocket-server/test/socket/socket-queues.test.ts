import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listen } from '@postline/service-runtime';
import { openRawWebSocket, waitUntil } from '@postline/test-support';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { attachSocketServer } from '../../src/socket/socket-server.ts';
import type { SocketQueues } from '../../src/socket/socket-queues.ts';
import { WriteTurn } from '../../src/socket/write-turn.ts';
import { RecordingHost } from '../support/model-host.ts';
import { roomyQueues } from '../support/roomy-queues.ts';

const SUM_BYTES_MAX = 2 * 1024 * 1024;
const PIECE = 'x'.repeat(16_000);
/** Far more than two kernels take from a peer that doesn't read. */
const PIECES_MAX = 4_000;

describe('what waits in all sockets together', () => {
  let server: Server;
  let queues: SocketQueues;
  let peers: Socket[];
  let connections: Connection[];
  let closeCodes: number[];
  let port: number;

  beforeEach(async () => {
    queues = roomyQueues(SUM_BYTES_MAX);
    peers = [];
    connections = [];
    closeCodes = [];
    const codes = closeCodes;
    server = createServer();
    attachSocketServer({
      httpServer: server,
      turn: new WriteTurn(),
      queues,
      host: new RecordingHost(),
      refusal: () => undefined,
      addressOf: () => '127.0.0.1',
      onConnection: (connection) => connections.push(connection),
      onClose: (code) => codes.push(code),
    });
    port = await listen(server, { host: '127.0.0.1', port: 0 });
  });

  afterEach(async () => {
    for (const peer of peers) peer.destroy();
    for (const { socket } of connections) socket.terminate();
    await new Promise((done) => server.close(done));
  });

  async function open(): Promise<{ peer: Socket; socket: Connection['socket'] }> {
    const peer = await openRawWebSocket(connect({ host: '127.0.0.1', port }));
    peers.push(peer);
    const connection = await waitUntil('the relay has the connection', () => connections[peers.length - 1]);
    return { peer, socket: connection.socket };
  }

  async function openWithoutReading() {
    const { peer, socket } = await open();
    peer.pause();
    for (let pieces = 0; socket.isWritable() && pieces < PIECES_MAX; pieces += 1) socket.sendAll([PIECE]);
    expect(socket.isWritable()).toBe(false);
    return { peer, socket };
  }

  it('[MEM-11] is bounded however many stop reading, and the fullest are closed for others with 4002', async () => {
    for (let count = 0; count < 40; count += 1) {
      await openWithoutReading();
      expect(queues.bytes).toBeLessThanOrEqual(SUM_BYTES_MAX);
    }
    expect(queues.bytes).toBeGreaterThan(SUM_BYTES_MAX / 4);
    expect(new Set(closeCodes)).toEqual(new Set(closeCodes.length === 0 ? [] : [4002]));
    await waitUntil('a queue is there for each that is open', () => queues.size === 40 - closeCodes.length);
  });

  it('[MEM-12] beginnings of frames are counted, in pieces too, and the largest is closed for the others', async () => {
    const header = Buffer.from([0x81, 0xfe, 0xff, 0x00, 0, 0, 0, 0]); // a masked text of 65,280 bytes
    const { peer } = await open();
    peer.write(header);
    for (let piece = 1; piece <= 20; piece += 1) {
      peer.write('x');
      const bytes = piece * 250;
      await waitUntil('the piece has come', () => queues.incomingBytes >= bytes);
    }
    peer.write(Buffer.alloc(65_260));
    await waitUntil('the frame was whole', () => queues.incomingBytes === 0);

    for (let count = 0; count < 60; count += 1)
      (await open()).peer.write(Buffer.concat([header, Buffer.alloc(60_000)]));
    await waitUntil('some were closed', () => closeCodes.length > 10);
    expect(queues.incomingBytes).toBeLessThanOrEqual(SUM_BYTES_MAX);
    expect(queues.incomingBytes).toBeGreaterThan(SUM_BYTES_MAX / 2);
    expect(new Set(closeCodes)).toEqual(new Set([4029]));
    for (const opened of peers) opened.destroy();
    await waitUntil('nothing is counted of sockets that are gone', () => queues.incomingBytes === 0);
  });

  it('[MEM-11] the more have something waiting, the less each gets', async () => {
    const roomBefore = queues.roomBytes();
    expect(roomBefore).toBe(256 * 1024);
    for (let count = 0; count < 12; count += 1) await openWithoutReading();
    expect(queues.roomBytes()).toBeLessThan(roomBefore / 2);
  });

  it('[MEM-11] who reads goes on, also where no room is left', async () => {
    for (let count = 0; count < 30; count += 1) await openWithoutReading();
    const { peer, socket } = await open();
    let received = 0;
    peer.on('data', (piece: Buffer) => {
      received += piece.length;
    });
    for (let sent = 1; sent <= 50; sent += 1) {
      socket.sendAll([PIECE]);
      await waitUntil('it has come', () => received >= sent * PIECE.length);
    }
    expect(socket.isWritable()).toBe(true);
  });

  it('[MEM-11] what has been read, and what was closed, is counted no longer', async () => {
    const [first, second, third] = [
      await openWithoutReading(),
      await openWithoutReading(),
      await openWithoutReading(),
    ];
    const before = queues.bytes;
    first.peer.resume();
    await waitUntil('it has drained', () => first.socket.isWritable());
    expect(queues.bytes).toBeLessThan(before);
    second.socket.terminate();
    third.peer.destroy();
    await waitUntil('nothing is left', () => {
      queues.sweep();
      return queues.bytes === 0 && queues.size === 0;
    });
  });

  it('[MEM-11] memory is short before the bound is reached', () => {
    expect(queues.isShort).toBe(false);
    const fill = queues.open({ recount: () => undefined }, () => undefined);
    fill.grow((SUM_BYTES_MAX * 7) / 8);
    expect(queues.isShort).toBe(true);
  });
});
