/**
 * The upper bound of the parts: node:http alone, no validation, and concurrent rows in one INSERT. It has no offsets,
 * no idempotency, and no handling of failures.
 */
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { createPool } from 'mysql2';
import { environment, listenAsPeer } from './peer-server.ts';

interface Waiting {
  readonly message: string;
  readonly targetId: string;
  readonly onStored: () => void;
}

const ROWS_MAX = 500;

const redis = new Redis({ ...redisAddress(environment('REDIS_URL')), enableAutoPipelining: true });
const pool = createPool({ uri: environment('DATABASE_URL'), connectionLimit: 1 });
const waiting: Waiting[] = [];
let storing = false;

function redisAddress(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

/** While one statement runs, rows gather for the next one. */
function storeNext(): void {
  if (storing || waiting.length === 0) return;
  storing = true;
  const rows = waiting.splice(0, ROWS_MAX);
  const values = rows.map(({ message, targetId }) => [message, targetId]);
  pool.query('INSERT INTO bare_messages (message, target_id) VALUES ?', [values], (error) => {
    if (error !== null) throw error;
    storing = false;
    for (const { message, targetId, onStored } of rows) {
      const frame = JSON.stringify({ type: 'new_message', targetId, data: message });
      void redis.publish(`updates:${targetId}`, frame);
      onStored();
    }
    storeNext();
  });
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { message, targetId } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Waiting;
    const onStored = () => {
      const body = JSON.stringify({ targetId, status: 'sent' });
      response.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': body.length });
      response.end(body);
    };
    waiting.push({ message, targetId, onStored });
    setImmediate(storeNext);
  });
});

pool.query(
  'CREATE TABLE IF NOT EXISTS bare_messages (id BIGINT AUTO_INCREMENT PRIMARY KEY, message TEXT NOT NULL, ' +
    'target_id VARCHAR(128) NOT NULL, created_at TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3))',
  (error) => {
    if (error !== null) throw error;
    listenAsPeer(server);
  },
);
