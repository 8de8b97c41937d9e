/** Thousands of clients that never finish their requests, while others must be served. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { publish, RelayClient, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSystem, type System } from '../e2e/system.ts';

const SLOW_ON_EACH_PORT = 1_000;
const SLOW_BODIES = 200;
/** Headers must arrive within 10 s, and Node checks every 2 s. The rest is for a busy machine. */
const CUT_AFTER_MS_MAX = 25_000;
const DRIP_MS = 1_000;
const ORDINARY_INTERVAL_MS = 20;
const ORDINARY_ALONE = 200;

let system: System;

beforeAll(async () => {
  system = await startSystem();
});

afterAll(async () => {
  await system.stop();
});

it('[HOS-3] 2,000 slow headers and 200 slow bodies are cut off, and other clients are served', async () => {
  const reader = await RelayClient.identified(system.relay.url, { clientId: 'served' });
  const alone = await ordinaryTraffic(() => false, ORDINARY_ALONE);

  const slow = [
    ...crowd(SLOW_ON_EACH_PORT, system.api.port, 'POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: '),
    ...crowd(
      SLOW_ON_EACH_PORT,
      system.relay.port,
      'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nX-Slow: ',
    ),
  ];
  const bodies = crowd(
    SLOW_BODIES,
    system.api.port,
    `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"message":"`,
  );
  const dripping = drip([...slow, ...bodies]);
  const areCut = () => slow.every(({ closed }) => closed);
  const [meanwhile] = await Promise.all([
    ordinaryTraffic(areCut, Number.POSITIVE_INFINITY),
    waitUntil('all slow headers are cut off', areCut, CUT_AFTER_MS_MAX),
  ]);
  clearInterval(dripping);

  // They were cut off for being slow, with the answer that says so, and not for another reason.
  const answers = new Set(slow.map(({ received }) => received.slice(0, 12)));
  expect([...answers]).toEqual(['HTTP/1.1 408']);
  const texts = [...alone.texts, ...meanwhile.texts];
  const arrived = await reader.messagesOnceThereAre(texts.length);
  expect(arrived.map(({ data }) => data)).toEqual(texts);
  for (const { socket } of bodies) socket.destroy();
  await reader.close();
  console.log(
    `slow senders: p99 alone ${p99(alone.delays)} ms, meanwhile ${p99(meanwhile.delays)} ms of ${meanwhile.delays.length}`,
  );
}, 120_000);

interface SlowSender {
  readonly socket: Socket;
  closed: boolean;
  received: string;
}

/** Opens this many connections, each of which begins a request like this. */
function crowd(count: number, port: number, beginning: string): SlowSender[] {
  return Array.from({ length: count }, () => {
    const socket = connect({ host: '127.0.0.1', port });
    const sender: SlowSender = { socket, closed: false, received: '' };
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      sender.received += data.toString('latin1');
    });
    socket.once('close', () => {
      sender.closed = true;
    });
    socket.write(beginning);
    return sender;
  });
}

/** Each connection sends one more byte from time to time, so that no idle timeout ends it. */
function drip(senders: readonly SlowSender[]): NodeJS.Timeout {
  return setInterval(() => {
    for (const { socket, closed } of senders) if (!closed && socket.writable) socket.write('x');
  }, DRIP_MS);
}

/** Publishes one message after another. Each must be answered 201. */
async function ordinaryTraffic(isOver: () => boolean, countMax: number) {
  const delays: number[] = [];
  const texts: string[] = [];
  while (!isOver() && texts.length < countMax) {
    const message = `${countMax}: ${texts.length}`;
    const start = performance.now();
    const { status } = await publish(system.api.url, { message, targetId: 'served' });
    expect(status).toBe(201);
    delays.push(performance.now() - start);
    texts.push(message);
    await sleep(ORDINARY_INTERVAL_MS);
  }
  return { delays, texts };
}

function p99(delays: readonly number[]): string {
  const sorted = delays.toSorted((a, b) => a - b);
  return (sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN).toFixed(1);
}
