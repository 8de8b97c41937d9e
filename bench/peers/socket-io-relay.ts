/**
 * The receiving end of Socket.IO: each client joins the rooms of its id and its groups; messages arrive through the
 * Redis adapter.
 */
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { environment, listenAsPeer } from './peer-server.ts';

const publisher = new Redis(environment('REDIS_URL'));
const server = createServer();
const io = new Server(server, {
  adapter: createAdapter(publisher, publisher.duplicate()),
  transports: ['websocket'],
});

io.on('connection', (socket) => {
  socket.on('identify', async (rooms: string[]) => {
    await socket.join(rooms);
    socket.emit('identified');
  });
});

listenAsPeer(server);
