import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { waitUntil } from '@postline/test-support';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  closeGracefully,
  HTTP_SERVER_OPTIONS,
  listen,
  type ListenAddress,
  listenOn,
} from '../../src/index.ts';

const LONG_MS = 10_000;

describe('http listener', () => {
  let server: Server;
  let port: number;
  let waiting: ServerResponse[];
  let agent: Agent;

  beforeEach(async () => {
    waiting = [];
    server = createServer(HTTP_SERVER_OPTIONS, (_request, response) => waiting.push(response));
    port = await listen(server, { host: '127.0.0.1', port: 0 });
    agent = new Agent({ keepAlive: true, maxSockets: 1 });
  });
  afterEach(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });

  async function request(): Promise<string> {
    const call = get({ port, host: '127.0.0.1', agent });
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    let body = '';
    for await (const chunk of response) body += String(chunk);
    return body;
  }

  it.each([
    { host: '127.0.0.1', line: /^API_PORT: port \d+ of 127\.0\.0\.1 is taken/ },
    { host: '192.0.2.1', line: /^HOST: 192\.0\.2\.1 is no address of this machine$/ },
    { host: 'nowhere.invalid', line: /^HOST: nowhere\.invalid is no address of this machine$/ },
  ])('[STA-4] an address that cannot be used names its variable: $host', async ({ host, line }) => {
    const service = { listen: (address: ListenAddress) => listen(createServer(), address) };
    await expect(listenOn(service, { host, port, portVariable: 'API_PORT' })).rejects.toMatchObject({
      name: 'SettingsError',
      lines: [expect.stringMatching(line)],
    });
  });

  it('tells the port, and rejects where it is taken', async () => {
    expect(port).toBeGreaterThan(0);
    await expect(listen(createServer(), { host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('[DEL-15] a request in flight finishes; new connections are refused', async () => {
    const answer = request();
    await waitUntil('the request came', () => waiting.length === 1);
    let closed = false;
    const closing = closeGracefully(server, LONG_MS).then(() => (closed = true));
    const [error] = await once(connect(port, '127.0.0.1'), 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(closed).toBe(false);

    waiting[0]?.end('done');
    expect(await answer).toBe('done');
    await closing; // without waiting for the client to end its kept-alive connection
  });

  it('[DEL-15] a connection that is kept alive does not hold the process', async () => {
    const answer = request();
    await waitUntil('the request came', () => waiting.length === 1);
    waiting[0]?.end('done');
    await answer;
    const begin = performance.now();
    await closeGracefully(server, LONG_MS);
    expect(performance.now() - begin).toBeLessThan(500);
  });

  it('[DEL-15] what is left at the end of the grace is cut off', async () => {
    const answer = expect(request()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await waitUntil('the request came', () => waiting.length === 1);
    const begin = performance.now();
    await closeGracefully(server, 100);
    expect(performance.now() - begin).toBeLessThan(1_000);
    await answer;
  });

  it('[DEL-15] an upgraded socket does not hold it beyond the grace', async () => {
    server.on('upgrade', (_request, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'));
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(socket, 'data');
    await closeGracefully(server, 100);
    socket.destroy();
  });

  it('closing what never listened resolves', async () => {
    await closeGracefully(createServer(), 100);
  });
});
