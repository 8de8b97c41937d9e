import { request, type Server } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import {
  createLogger,
  createMetricsRegistry,
  describeFault,
  listen,
  OPEN_MODE_WARNING,
  PartHealth,
  Readiness,
} from '@postline/service-runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpServer } from '../../src/http/http-server.ts';
import type { RelaySettings } from '../../src/configuration.ts';
import { createHttpApplication } from '../../src/http/application.ts';
import { TEST_SETTINGS } from '../support/relay-settings.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

describe('the relay’s HTTP side', () => {
  let server: Server;
  let port: number;
  let readiness: Readiness;
  let databaseAnswers: boolean;
  let busAnswers: boolean;

  beforeEach(async () => {
    databaseAnswers = true;
    busAnswers = true;
    const logger = createLogger({ service: 'test', level: 'silent' });
    readiness = new Readiness({ logger, warnings: [OPEN_MODE_WARNING] });
    const part = (name: string, answers: () => boolean) =>
      new PartHealth({
        name,
        title: name,
        consequence: '',
        check: () => (answers() ? Promise.resolve() : Promise.reject(new Error('s3cr3t'))),
        describe: describeFault,
        logger,
      });
    readiness.addPart(
      part('database', () => databaseAnswers),
      { isRequired: true },
    );
    readiness.addPart(
      part('bus', () => busAnswers),
      { isRequired: false },
    );
    await start({ servePage: true });
  });

  afterEach(stop);

  async function start(settings: Partial<RelaySettings>): Promise<void> {
    const parts = {
      settings: { ...TEST_SETTINGS, ...settings },
      readiness,
      metrics: createMetricsRegistry('test'),
    };
    server = createHttpServer(parts.settings, createHttpApplication(parts));
    port = await listen(server, { host: '127.0.0.1', port: 0 });
  }

  async function stop(): Promise<void> {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }

  function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, headers, method, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
      sent.on('error', reject);
      sent.end();
    });
  }

  function statusLine(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        answer += chunk;
      });
      socket.on('error', reject).on('close', () => {
        resolve(answer.split('\r\n')[0] ?? '');
      });
    });
  }

  it('[SDK-14] serves the client library, also where the page is not', async () => {
    await stop();
    await start({ servePage: false });
    const { status, headers } = await get('/client.js');
    expect([status, headers['x-content-type-options']]).toEqual([200, 'nosniff']);
  });

  it('[OPS-3] /healthz reports that the process lives', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, text: '{"status":"alive"}' });
  });

  it('[OPS-3][OPS-4] /readyz shows each part, and warns that the relay is open', async () => {
    const { status, text } = await get('/readyz');
    expect(status).toBe(200);
    const up = { status: 'up', since: expect.stringMatching(/^\d{4}-.*Z$/) as unknown };
    expect(JSON.parse(text)).toEqual({
      status: 'ready',
      parts: { database: up, bus: up },
      warnings: [OPEN_MODE_WARNING],
    });
  });

  it('[OPS-3] /readyz is 503 if the database does not answer, without the text of the error', async () => {
    databaseAnswers = false;
    const { status, text } = await get('/readyz');
    expect(status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({
      status: 'not_ready',
      parts: { database: { status: 'down', reason: 'failed' }, bus: { status: 'up' } },
    });
    expect(text).not.toContain('s3cr3t');
  });

  it('[OPS-3] /readyz is 200 and degraded where only the bus is away', async () => {
    busAnswers = false;
    const { status, text } = await get('/readyz');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      status: 'degraded',
      parts: { database: { status: 'up' }, bus: { status: 'down' } },
    });
  });

  it.each([
    'GET /healthz HTTP/1.0\r\n\r\n',
    'GET /readyz HTTP/1.0\r\n\r\n',
    'HEAD /readyz HTTP/1.0\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n',
    'GET /readyz?from=lb HTTP/1.1\r\nConnection: close\r\n\r\n',
    'GET /readyz HTTP/1.1\r\nHost: 10.0.0.1.internal.example\r\nConnection: close\r\n\r\n',
    'GET http://any.example/healthz HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n\r\n',
  ])('[OPS-8] a probe is answered whatever its Host: %j', async (text) => {
    expect(await statusLine(text)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it.each([
    ['GET /metrics HTTP/1.0\r\n\r\n', '403'],
    ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', '403'],
    ['POST /readyz HTTP/1.1\r\nConnection: close\r\n\r\n', '403'],
    ['GET /healthz/x HTTP/1.1\r\nConnection: close\r\n\r\n', '403'],
  ])('[SEC-5] [OPS-8] in open mode nothing else is without a Host: %j', async (text, status) => {
    expect((await statusLine(text)).split(' ')[1]).toBe(status);
  });

  it('[OPS-8] where every client brings a token, HTTP/1.1 needs a Host all the same, but for probes', async () => {
    await stop();
    await start({ auth: 'required' });
    const withoutHost = (path: string) => `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`;
    expect(await statusLine(withoutHost('/metrics'))).toContain(' 400 ');
    expect(await statusLine(withoutHost('/readyz'))).toContain(' 200 ');
  });

  it('[DEL-15][OPS-3] /readyz is 503 while the relay drains', async () => {
    readiness.startDraining();
    expect((await get('/readyz')).status).toBe(503);
  });

  it('[OPS-3] /metrics speaks Prometheus', async () => {
    const { status, headers, text } = await get('/metrics');
    expect(status).toBe(200);
    expect(headers['content-type']).toContain('text/plain');
    expect(text).toContain('# TYPE process_cpu_seconds_total counter');
  });

  it('[PAGE-3][PAGE-4] serves the page with its policy, whatever is in the query', async () => {
    for (const path of ['/', '/?clientId=1']) {
      const { status, headers, text } = await get(path);
      expect(status).toBe(200);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(headers['content-security-policy']).toContain(`ws://127.0.0.1:${port}`);
      expect(text).toContain('name="postline-api-url" content="http://127.0.0.1:8080"');
    }
  });

  it.each([
    ['/page.css', 'text/css'],
    ['/favicon.svg', 'image/svg+xml'],
    ['/dist/page.js', 'text/javascript'],
  ])('serves %s', async (path, type) => {
    const { status, headers, text } = await get(path);
    expect([status, String(headers['content-type'])]).toEqual([200, expect.stringContaining(type)]);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(text.length).toBeGreaterThan(100);
  });

  it.each([
    '/package.json',
    '/src/main.ts',
    '/dist/../package.json',
    '/%',
    '/%ff',
    '/%2e%2e/package.json',
    '/x',
  ])('has nothing at %s, and says so in a line of text', async (path) => {
    const { status, headers, text } = await get(path);
    expect(status).toBe(404);
    expect(headers['content-type']).toContain('text/plain');
    expect(headers['x-powered-by']).toBeUndefined();
    expect(text).not.toMatch(/node_modules|\.[jt]s:/);
  });

  it('takes nothing by POST', async () => {
    expect((await get('/', {}, 'POST')).status).toBe(404);
  });

  it('[PUB-13] an open relay answers to no name that a stranger could point here', async () => {
    expect((await get('/', { Host: 'evil.example:3000' })).status).toBe(403);
    expect((await get('/metrics', { Host: 'evil.example' })).status).toBe(403);
    expect((await get('/', { Host: 'localhost:3000' })).status).toBe(200);
  });

  it('[PAGE-2] a Host that is more than a name and a port gets nowhere near the page', async () => {
    const { headers, text } = await get('/', { Host: "localhost;script-src'unsafe-inline'" });
    expect(String(headers['content-security-policy'])).not.toContain('unsafe');
    expect(text).not.toContain('unsafe');
  });

  it('[DOC-5] serves its description, which names the host of the request', async () => {
    const { status, headers, text } = await get('/asyncapi.json', { Host: `localhost:${port}` });
    expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(JSON.parse(text)).toMatchObject({
      asyncapi: '3.0.0',
      servers: { plain: { host: `localhost:${port}`, protocol: 'ws' } },
    });
  });

  it('[DOC-6] /docs is a small page whose parts all come from here, without a script', async () => {
    const { status, headers, text } = await get('/docs');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(text).not.toMatch(/<script|<style|style="|https?:/);
    expect(gzipSync(text).length).toBeLessThan(20 * 1024);
    for (const [, address = ''] of text.matchAll(/(?:href|src)="(docs[^"]+)"/g))
      expect((await get(`/${address}`)).status).toBe(200);
    const ids = new Set(Array.from(text.matchAll(/ id="([^"]+)"/g), ([, id]) => id));
    for (const [, id] of text.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(id);
    expect(await get('/docs/')).toMatchObject({ status: 308, headers: { location: '../docs' } });
  });

  it('serves no page if that is turned off', async () => {
    await stop();
    await start({ servePage: false });
    expect((await get('/')).status).toBe(404);
    expect((await get('/page.css')).status).toBe(404);
  });
});
