import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { listen } from '@postline/service-runtime';
import { openRawWebSocket, waitUntil } from '@postline/test-support';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { attachSocketServer } from '../../src/socket/socket-server.ts';
import { WriteTurn } from '../../src/socket/write-turn.ts';
import { RecordingHost } from '../support/model-host.ts';
import { roomyQueues } from '../support/roomy-queues.ts';

const BUFFER_BOUND = 256 * 1024;
/** What the kernel and the peer's kernel take by themselves is far below this. */
const MORE_THAN_THE_KERNEL_TAKES = 64 * 1024 * 1024;

describe('WsClientSocket', () => {
  let server: Server;
  let peer: Socket;
  let connection: Connection;
  let host: RecordingHost;
  let turn: WriteTurn;

  beforeEach(async () => {
    host = new RecordingHost();
    turn = new WriteTurn();
    const connections: Connection[] = [];
    server = createServer();
    attachSocketServer({
      httpServer: server,
      turn,
      queues: roomyQueues(),
      host,
      refusal: () => undefined,
      addressOf: () => '127.0.0.1',
      onConnection: (opened) => connections.push(opened),
      onClose: () => undefined,
    });
    const port = await listen(server, { host: '127.0.0.1', port: 0 });
    peer = await openRawWebSocket(connect({ host: '127.0.0.1', port }));
    connection = await waitUntil('the relay has the connection', () => connections[0]);
  });

  afterEach(async () => {
    peer.destroy();
    connection.socket.terminate();
    await new Promise((done) => server.close(done));
  });

  /** Sends until the socket says that it is full; the number of frames. */
  function fill(text: string): number {
    let frames = 0;
    while (connection.socket.isWritable() && frames * text.length < MORE_THAN_THE_KERNEL_TAKES) {
      connection.socket.send(text);
      frames += 1;
    }
    return frames;
  }

  it('[DEL-10] is full from the bound on until everything has drained, and reports both', async () => {
    peer.pause();
    const frames = fill('x'.repeat(10_000));
    expect(frames * 10_000).toBeLessThan(MORE_THAN_THE_KERNEL_TAKES);
    expect(connection.socket.isWritable()).toBe(false);
    expect(host.stalled).toEqual([connection]);
    const taken = connection.socket.bytesTaken();
    expect(frames * 10_000 - taken).toBeGreaterThan(0);
    expect(frames * 10_000 - taken).toBeLessThan(BUFFER_BOUND + 20_000);
    peer.resume();
    await waitUntil('it has drained', () => connection.socket.isWritable());
    expect(connection.socket.bytesTaken()).toBeGreaterThan(taken);
  });

  it('[DEL-11] reports each time that it is full, so that a second stall is watched like the first', async () => {
    for (let time = 1; time <= 3; time += 1) {
      peer.pause();
      fill('x'.repeat(10_000));
      expect(host.stalled).toHaveLength(time);
      peer.resume();
      await waitUntil('it has drained', () => connection.socket.isWritable());
    }
  });

  it('sends many frames as one piece, in order', async () => {
    const received: Buffer[] = [];
    peer.on('data', (piece: Buffer) => received.push(piece));
    connection.socket.sendAll(['"one"', '"two"', '"three"']);
    const text = '\x81\x05"one"\x81\x05"two"\x81\x07"three"';
    await waitUntil('all is there', () => Buffer.concat(received).toString('latin1') === text);
    expect(received).toHaveLength(1);
  });

  it('sends the frames of one turn in one piece, in order, and before it closes', async () => {
    const received: Buffer[] = [];
    peer.on('data', (piece: Buffer) => received.push(piece));
    connection.socket.send('"one"');
    connection.socket.ping();
    connection.socket.send('"two"');
    await waitUntil('it is there', () => received.length > 0);
    expect(received.map((piece) => piece.toString('latin1'))).toEqual(['\x81\x05"one"\x89\x00\x81\x05"two"']);
    connection.socket.send('"three"');
    connection.socket.sendAll(['"four"', '"five"']);
    connection.socket.send('"six"');
    connection.socket.close(1001, '');
    const text = '\x81\x07"three"\x81\x06"four"\x81\x06"five"\x81\x05"six"\x88\x02\x03\xe9';
    await waitUntil('all is there', () => Buffer.concat(received.slice(1)).toString('latin1') === text);
  });

  it('sends what many are given in the one piece of the turn, however many fan-outs there are', async () => {
    const received: Buffer[] = [];
    peer.on('data', (piece: Buffer) => received.push(piece));
    const [early, late] = [['"one"', '"two"'], ['"three"']];
    turn.addFanOut({ flush: () => connection.socket.sendShared(early) });
    turn.addFanOut({ flush: () => connection.socket.sendShared(late) });
    const text = '\x81\x05"one"\x81\x05"two"\x81\x07"three"';
    await waitUntil('all is there', () => Buffer.concat(received).toString('latin1') === text);
    turn.addFanOut({ flush: () => connection.socket.sendShared(late) });
    await waitUntil('it is there, too', () => received.length > 1);
    connection.socket.send('"before"');
    turn.addFanOut({ flush: () => connection.socket.sendShared(late) });
    await waitUntil('it is there, behind what was sent before', () => received.length > 2);
    expect(received.map((piece) => piece.toString('latin1'))).toEqual([
      text,
      '\x81\x07"three"',
      '\x81\x08"before"\x81\x07"three"',
    ]);
  });

  it('says nothing after it was closed, also to a peer that never answers', async () => {
    const received: Buffer[] = [];
    peer.on('data', (piece: Buffer) => received.push(piece));
    connection.socket.close(4003, 'the log was restarted');
    connection.socket.close(1001, 'going away');
    connection.socket.send('"late"');
    connection.socket.sendAll(['"later"']);
    connection.socket.sendShared(['"latest"']);
    connection.socket.ping();
    expect(connection.socket.isWritable()).toBe(false);
    await waitUntil('the socket is dropped', () => host.closed.length === 1);
    const bytes = Buffer.concat(received);
    expect([bytes[0], bytes.readUInt16BE(2)]).toEqual([0x88, 4003]);
    expect(bytes).toHaveLength(2 + (bytes[1] ?? 0));
  });
});
