/**
 * The upper bound of ws: a channel for each id, whose payloads are written to all of its sockets as one shared frame.
 * It does not handle slow, closed or new clients, and recovers no missed messages.
 */
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { Redis } from 'ioredis';
import { WebSocketServer } from 'ws';
import { environment, listenAsPeer } from './peer-server.ts';

const FINAL_TEXT = 0x81;
const LENGTH_IN_HEAD_MAX = 125;
const LENGTH_IN_2_BYTES = 126;

const redis = new Redis(environment('REDIS_URL'));
const socketsOf = new Map<string, Set<Socket>>();

/** A text frame of up to 65,535 bytes. */
function sharedFrame(payload: string): Buffer {
  const body = Buffer.from(payload);
  if (body.length <= LENGTH_IN_HEAD_MAX) return Buffer.concat([Buffer.from([FINAL_TEXT, body.length]), body]);
  const head = Buffer.from([FINAL_TEXT, LENGTH_IN_2_BYTES, body.length >> 8, body.length & 0xff]);
  return Buffer.concat([head, body]);
}

redis.on('message', (channel: string, payload: string) => {
  const sockets = socketsOf.get(channel);
  if (sockets === undefined) return;
  const frame = sharedFrame(payload);
  for (const socket of sockets) socket.write(frame);
});

async function follow(targetId: string, socket: Socket): Promise<void> {
  const channel = `updates:${targetId}`;
  const sockets = socketsOf.get(channel);
  if (sockets !== undefined) {
    sockets.add(socket);
    return;
  }
  socketsOf.set(channel, new Set([socket]));
  await redis.subscribe(channel);
}

interface Identify {
  readonly clientId: string;
  /** Groups of the client. */
  readonly rooms?: readonly string[];
}

const server = createServer();
const webSockets = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false });
webSockets.on('connection', (ws, request) => {
  ws.once('message', (data: Buffer) => {
    const { clientId, rooms = [] } = JSON.parse(data.toString('utf8')) as Identify;
    const followed = [clientId, ...rooms];
    const targets = Object.fromEntries(
      followed.map((targetId) => [targetId, { offset: 0, head: 0, recovered: true }]),
    );
    ws.once('close', () => {
      for (const targetId of followed) socketsOf.get(`updates:${targetId}`)?.delete(request.socket);
    });
    void Promise.all(followed.map((targetId) => follow(targetId, request.socket))).then(() => {
      ws.send(JSON.stringify({ type: 'identified', clientId, epoch: 'none', targets }));
    });
  });
});

listenAsPeer(server);
