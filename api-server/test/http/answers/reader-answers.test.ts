import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { waitUntil } from '@postline/test-support';
import { afterEach, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/start-test-api.ts';

const MIB = 1024 * 1024;
/** Far more than a system keeps for one connection. */
const PAGES = 12;
const MESSAGES_IN_PAGE = 60;
const MESSAGE = 'm'.repeat(64_000);

let api: TestApi;
let reader: Socket;
afterEach(async () => {
  reader.destroy();
  await api.close();
});

async function start(env: Readonly<Record<string, string>>): Promise<void> {
  api = await startTestApi({ env: { READER_ANSWERS_BYTES_MAX: String(12 * MIB), ...env } });
  const messages = Array.from({ length: MESSAGES_IN_PAGE }, () => ({ message: MESSAGE, targetId: 'large' }));
  await fetch(`${api.url}/messages/batch`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ messages }),
  });
  reader = connect(api.port, '127.0.0.1');
  reader.pause();
  await once(reader, 'connect');
}

/** Asks for many pages at once, and reads none of them for now. */
function askForPages(): void {
  reader.write('GET /targets/large/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(PAGES));
}

async function readSmallPage(): Promise<string> {
  const response = await fetch(`${api.url}/targets/large/messages?limit=1`);
  const { code = 'none' } = (await response.json()) as { code?: string };
  return `${response.status} ${code}`;
}

it('[SEC-12] a client that requests many pages and reads none holds one of them, and loses its connection after the deadline', async () => {
  await start({ READER_ANSWER_DEADLINE_MS: '3000' });
  askForPages();
  const isCutOff = () => api.logLines.some((line) => line.includes('cut off by the client'));
  let served = 0;
  await waitUntil('its connection is closed', async () => {
    const page = await fetch(`${api.url}/targets/large/messages?limit=60`);
    const { messages } = (await page.json()) as { messages: unknown[] };
    expect(messages).toHaveLength(MESSAGES_IN_PAGE); // there is room for a whole one beside what the other holds
    served += 1;
    return isCutOff();
  });
  expect(served).toBeGreaterThan(1);
});

it('[SEC-12] [MEM-6] a reader that reads nothing on many connections gets no whole page more, and gives way to another', async () => {
  await start({ TRUSTED_PROXIES: '127.0.0.1' });
  const ask = (address: string) => {
    const socket = connect(api.port, '127.0.0.1').pause();
    socket.on('error', () => undefined);
    const page = `GET /targets/large/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: ${address}\r\n\r\n`;
    socket.write(page.repeat(PAGES));
    return socket;
  };
  const greedy = Array.from({ length: PAGES }, () => ask('10.0.0.1'));
  const page = (address: string, limit: number) =>
    fetch(`${api.url}/targets/large/messages?limit=${limit}`, { headers: { 'X-Forwarded-For': address } });
  const more = await waitUntil('the reader has its share', async () => {
    const answer = await page('10.0.0.1', MESSAGES_IN_PAGE);
    const { type, messages = [] } = (await answer.json()) as { type?: string; messages?: unknown[] };
    return messages.length < MESSAGES_IN_PAGE && { status: answer.status, type };
  });
  // What is left beside the pages that it holds may be enough for some messages.
  expect([
    { status: 503, type: '../../problems/overloaded' },
    { status: 200, type: undefined },
  ]).toContainEqual(more);
  for (const limit of [1, 30]) {
    const answer = await page('10.0.0.2', limit);
    const { messages } = (await answer.json()) as { messages: unknown[] };
    expect(messages).toHaveLength(limit);
  }
  for (const socket of greedy) socket.destroy();
  await waitUntil('room again', async () => (await page('10.0.0.1', 60)).status === 200);
});

it('a reader that takes them gets all, and leaves no trace', async () => {
  await start({});
  let received = 0;
  reader.on('data', (data: Buffer) => (received += data.length)).resume();
  askForPages();
  const all = PAGES * MESSAGES_IN_PAGE * MESSAGE.length;
  await waitUntil('all pages', () => received >= all);
  expect(await readSmallPage()).toBe('200 none');
});
