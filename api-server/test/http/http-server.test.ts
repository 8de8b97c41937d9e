import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { waitUntil } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import { createHttpServer } from '../../src/http/http-server.ts';
import { startTestApi } from '../support/start-test-api.ts';

const ANY_PORT = { host: '127.0.0.1', port: 0 };

/** Sends raw bytes and gives everything that comes back until the connection ends. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('what is no HTTP request', () => {
  it.each([
    ['nonsense', 'hello\r\n\r\n', 400],
    ['an unknown method', 'PUBLISH / HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['too many headers', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('[PUB-10] %s is answered with a problem too', async (_title, bytes, status) => {
    const api = await startTestApi();
    const answer = await exchange(api.port, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ status });
    await api.close();
  });

  it('an expectation that is not known is no reason to refuse', async () => {
    const api = await startTestApi();
    const answer = await exchange(
      api.port,
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\nExpect: more\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    await api.close();
  });
});

it('has a bound on connections', async () => {
  const api = await startTestApi({ env: { API_CONNECTIONS_MAX: '2' } });
  const sockets = Array.from({ length: 4 }, () =>
    connect(api.port, '127.0.0.1').on('error', () => undefined),
  );
  await waitUntil('two are refused', () => sockets.filter((socket) => socket.closed).length === 2);
  for (const socket of sockets) socket.destroy();
  await api.close();
});

describe('closing', () => {
  it('[PUB-1] answers what is in flight, closes its connection, and takes nothing new', async () => {
    let answer = (): void => undefined;
    const server = createHttpServer({
      connectionsMax: 10,
      onRequest: (_request, response) => {
        answer = () => response.end('done');
      },
    });
    const port = await server.listen(ANY_PORT);
    const agent = new Agent({ keepAlive: true });
    const inFlight = new Promise<string>((resolve, reject) => {
      request({ port, host: '127.0.0.1', agent }, (response) => {
        resolve(`${response.statusCode} ${response.headers.connection}`);
        response.resume();
      })
        .on('error', reject)
        .end();
    });
    const first = answer;
    await waitUntil('the request is there', () => answer !== first);
    const closed = server.close(5_000);
    await expect(exchange(port, '')).rejects.toThrow('ECONNREFUSED');
    answer();
    expect(await inFlight).toBe('200 close');
    await closed;
    agent.destroy();
  });

  it('ends idle connections at once and stuck ones after the grace', async () => {
    const server = createHttpServer({ connectionsMax: 10, onRequest: () => undefined });
    const port = await server.listen(ANY_PORT);
    const idle = exchange(port, '');
    const stuck = exchange(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n').catch(() => '');
    await waitUntil('both are connected', async () => (await exchange(port, 'x\r\n\r\n')).length > 0);
    const start = performance.now();
    await server.close(300);
    expect(performance.now() - start).toBeGreaterThanOrEqual(290);
    expect(performance.now() - start).toBeLessThan(3_000);
    expect(await idle).toBe('');
    expect(await stuck).toBe('');
  });
});
