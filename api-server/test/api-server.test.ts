import { connect, type Socket } from 'node:net';
import { publish, waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
import { startTestApi } from './support/start-test-api.ts';

/** A connection on which a request has begun, and what came back so far. */
async function beginRequest(port: number, start: string): Promise<{ socket: Socket; answer: () => string }> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (piece) => (answer += piece.toString('utf8')));
  await new Promise((resolve) => socket.write(start, resolve));
  return { socket, answer: () => answer };
}

it('[OPS-6] closing: not ready first, no new connection, and what is in flight is stored and answered', async () => {
  let goOn: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const appended: string[] = [];
  const api = await startTestApi({
    store: {
      append: async (requests) => {
        appended.push('begun');
        await held;
        return api.store.append(requests);
      },
    },
  });
  const inFlight = publish(api.url, { message: 'in flight', targetId: 1 });
  await waitUntil('its commit is under way', () => appended.length === 1);
  const probe = await beginRequest(api.port, 'GET /readyz HTTP/1.1\r\nHost: localhost\r\n');

  const closed = api.close();
  probe.socket.write('\r\n');
  await waitUntil('the probe is answered', () => probe.answer().includes('draining'));
  expect(probe.answer()).toMatch(/^HTTP\/1\.1 503 /);
  await expect(fetch(`${api.url}/readyz`)).rejects.toThrow();
  goOn();
  expect(await inFlight).toMatchObject({ status: 201, body: { offset: 1 } });
  await closed;
});
