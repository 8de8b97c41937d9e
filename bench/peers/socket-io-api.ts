/**
 * The sending end of Socket.IO as in its documentation: Express, one INSERT for each message with mysql2's pool (with a
 * DATABASE_URL), and `io.to(room).emit()` through the Redis adapter.
 */
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import express from 'express';
import { Redis } from 'ioredis';
import { createPool } from 'mysql2/promise';
import { Server } from 'socket.io';
import { environment, listenAsPeer } from './peer-server.ts';

const publisher = new Redis(environment('REDIS_URL'));
const io = new Server({ adapter: createAdapter(publisher, publisher.duplicate()) });
const databaseUrl = process.env['DATABASE_URL'];
const pool = databaseUrl === undefined ? undefined : createPool({ uri: databaseUrl, connectionLimit: 64 });
await pool?.query(
  'CREATE TABLE IF NOT EXISTS socket_io_messages (id BIGINT AUTO_INCREMENT PRIMARY KEY, message TEXT NOT NULL, ' +
    'target_id VARCHAR(128) NOT NULL, created_at TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3))',
);

const app = express();
app.use(express.json());
app.post('/', async (request, response) => {
  const { message, targetId } = request.body as { message: string; targetId: string };
  await pool?.execute('INSERT INTO socket_io_messages (message, target_id) VALUES (?, ?)', [
    message,
    targetId,
  ]);
  io.to(targetId).emit('message', { targetId, data: message });
  response.status(201).json({ targetId, status: 'sent' });
});

listenAsPeer(createServer(app));
