import { connect, type Socket } from 'node:net';
import { publish, waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
import { startTestApi } from './support/start-test-api.ts';

/** A connection on which the server has read the start of a request, and the answers so far. */
async function beginRequest(port: number, start: string): Promise<{ socket: Socket; answers: () => string }> {
  const socket = connect(port, '127.0.0.1');
  let answers = '';
  socket.on('data', (piece) => (answers += piece.toString('utf8')));
  // Both arrive together: once the first is answered, the start of the second has been read.
  socket.write(`GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n${start}`);
  await waitUntil('the request before it is answered', () => answers.includes('HTTP/1.1 200'));
  return { socket, answers: () => answers };
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
  await waitUntil('the probe is answered', () => probe.answers().includes('draining'));
  expect(probe.answers()).toContain('HTTP/1.1 503 ');
  await expect(fetch(`${api.url}/readyz`)).rejects.toThrow();
  goOn();
  expect(await inFlight).toMatchObject({ status: 201, body: { offset: 1 } });
  await closed;
});
