import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { waitUntil } from '@postline/test-support';
import { afterEach, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/start-test-api.ts';

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
  api = await startTestApi({ env: { READER_ANSWERS_BYTES_MAX: String(8 * MIB), ...env } });
  const messages = Array.from({ length: MESSAGES_IN_PAGE }, () => ({ message: MESSAGE, targetId: 'large' }));
  await fetch(`${api.url}/messages/batch`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ messages }),
  });
  reader = connect(api.port, '127.0.0.1');
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

it('[SEC-12] answers that a reader does not take are bounded in bytes, and after a time it loses its connection', async () => {
  await start({ READER_ANSWER_DEADLINE_MS: '3000' });
  askForPages();
  await waitUntil('no room', async () => (await readSmallPage()) === '503 overloaded');
  await waitUntil('room again', async () => (await readSmallPage()) === '200 none');
  let received = 0;
  reader.on('error', () => undefined).on('data', (data: Buffer) => (received += data.length));
  await once(reader, 'close');
  expect(received).toBeLessThan(PAGES * MESSAGES_IN_PAGE * MESSAGE.length);
});

it('a reader that takes them gets all, and leaves no trace', async () => {
  await start({});
  let received = 0;
  reader.on('data', (data: Buffer) => (received += data.length));
  askForPages();
  const all = PAGES * MESSAGES_IN_PAGE * MESSAGE.length;
  await waitUntil('all pages', () => received >= all);
  expect(await readSmallPage()).toBe('200 none');
});
