/** The receiving end of Socket.IO: each client joins the room of its id; the Redis adapter brings what is for it. */
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
  socket.on('identify', async (clientId: string) => {
    await socket.join(clientId);
    socket.emit('identified');
  });
});

listenAsPeer(server);
