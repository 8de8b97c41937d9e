import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { MemoryBudget } from '@postline/service-runtime';
import { waitUntil } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import { createHttpServer } from '../../../src/http/server/http-server.ts';
import { UntakenAnswers } from '../../../src/http/answers/untaken-answers.ts';
import { exchange } from '../../support/exchange.ts';
import { startTestApi, testSettings } from '../../support/start-test-api.ts';

const ANY_PORT = { host: '127.0.0.1', port: 0 };

function untakenAnswers(): UntakenAnswers {
  return new UntakenAnswers({
    memory: new MemoryBudget({ bytesMax: 1_000_000 }).share(),
    deadlineMs: 10_000,
  });
}

describe('bytes that are not an HTTP request', () => {
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

it('[HOS-5] an offered upgrade changes no answer, and the next request is answered or the connection ends', async () => {
  const api = await startTestApi();
  const body = JSON.stringify({ message: 'a', targetId: 'offer' });
  const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  const offer = 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
  const request = (connection: string) =>
    `${head}Connection: ${connection}\r\n${offer}Content-Length: ${body.length}\r\n\r\n${body}`;
  const offsets: (string | undefined)[] = [];
  while (offsets.length < 4) {
    const more = request('Upgrade, HTTP2-Settings').repeat(3 - offsets.length);
    const answers = await exchange(api.port, more + request('close, Upgrade, HTTP2-Settings'));
    expect(answers).toContain('Connection: close'); // so that the client knows which requests to repeat
    const answered = [...answers.matchAll(/"offset":(\d)/g)];
    expect(answered.length).toBeGreaterThan(0);
    offsets.push(...answered.map(([, offset]) => offset));
  }
  expect(offsets).toEqual(['1', '2', '3', '4']);
  await api.close();
});

it('every response is closed with its connection, also those that still wait for their turn on it', async () => {
  const { http } = testSettings();
  let came = 0;
  let closed = 0;
  const server = createHttpServer({
    ...http,
    untaken: untakenAnswers(),
    onRequest: (_request, response) => {
      came += 1;
      response.once('close', () => (closed += 1));
    },
  });
  const port = await server.listen(ANY_PORT);
  const client = connect(port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(3));
  await waitUntil('all have come', () => came === 3);
  client.destroy();
  await waitUntil('all are closed', () => closed === 3);
  await server.close(0);
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

describe('requests that are too large or too slow', () => {
  it('[SEC-11] large headers, URLs and bodies get their own statuses', async () => {
    const env = { HEADERS_BYTES_MAX: '2048', URL_BYTES_MAX: '500', MESSAGE_BODY_BYTES_MAX: '1024' };
    const api = await startTestApi({ env });
    const host = 'Host: localhost\r\nConnection: close\r\n';
    const statusOf = async (bytes: string) => (await exchange(api.port, bytes)).slice(9, 12);
    expect(await statusOf(`GET /healthz?${'x'.repeat(400)} HTTP/1.1\r\n${host}\r\n`)).toBe('200');
    expect(await statusOf(`GET /healthz?${'x'.repeat(600)} HTTP/1.1\r\n${host}\r\n`)).toBe('414');
    expect(await statusOf(`GET /healthz HTTP/1.1\r\n${host}X: ${'x'.repeat(2_100)}\r\n\r\n`)).toBe('431');
    const body = `Content-Type: application/json\r\nContent-Length: 1025\r\n\r\n`;
    expect(await statusOf(`POST / HTTP/1.1\r\n${host}${body}`)).toBe('413');
    await api.close();
  });

  it('[SEC-11] slow headers and slow bodies get 408, and the connection ends', async () => {
    const api = await startTestApi({ env: { HEADERS_TIMEOUT_MS: '200', REQUEST_TIMEOUT_MS: '400' } });
    const start = performance.now();
    const slow = [
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\n',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{',
    ];
    const answers = await Promise.all(slow.map((bytes) => exchange(api.port, bytes)));
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(performance.now() - start).toBeLessThan(5_000);
    await api.close();
  });

  it('[SEC-11] the connections of one address are bounded', async () => {
    const api = await startTestApi({ env: { API_CONNECTIONS_PER_ADDRESS_MAX: '3' } });
    const alive = () =>
      exchange(api.port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const idle = Array.from({ length: 3 }, () => connect(api.port, '127.0.0.1'));
    await waitUntil('the fourth is ended', async () => (await alive().catch(() => '')) === '');
    for (const socket of idle) socket.destroy();
    await waitUntil('there is room again', async () => (await alive().catch(() => '')) !== '');
    await api.close();
  });
});

describe('closing', () => {
  it('[PUB-1] answers open requests, closes their connections, and accepts no new ones', async () => {
    let answer = (): void => undefined;
    const server = createHttpServer({
      ...testSettings().http,
      untaken: untakenAnswers(),
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
    const server = createHttpServer({
      ...testSettings().http,
      untaken: untakenAnswers(),
      onRequest: () => undefined,
    });
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
