import { createServer, request, type Server } from 'node:http';
import { createMetricsRegistry, listen, Readiness } from '@postline/service-runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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

  beforeEach(async () => {
    databaseAnswers = true;
    readiness = new Readiness();
    readiness.addPart('database', () =>
      databaseAnswers ? Promise.resolve() : Promise.reject(new Error('away')),
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
    server = createServer(createHttpApplication(parts));
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

  it('[SDK-14] serves the client library, also where the page is not', async () => {
    await stop();
    await start({ servePage: false });
    const { status, headers } = await get('/client.js');
    expect([status, headers['x-content-type-options']]).toEqual([200, 'nosniff']);
  });

  it('[OPS-3] /healthz tells that the process lives', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, text: '{"status":"alive"}' });
  });

  it('[OPS-3][OPS-4] /readyz tells each part, and warns that the relay is open', async () => {
    const { status, text } = await get('/readyz');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ status: 'ready', parts: { database: 'ok' } });
    expect(text).toContain('AUTH=open');
  });

  it('[OPS-3] /readyz is 503 where a part does not answer', async () => {
    databaseAnswers = false;
    const { status, text } = await get('/readyz');
    expect(status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({ parts: { database: 'unavailable' } });
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
    expect((await get('/healthz', { Host: 'evil.example' })).status).toBe(403);
    expect((await get('/', { Host: 'localhost:3000' })).status).toBe(200);
  });

  it('[PAGE-2] a Host that is more than a name and a port gets nowhere near the page', async () => {
    const { headers, text } = await get('/', { Host: "localhost;script-src'unsafe-inline'" });
    expect(String(headers['content-security-policy'])).not.toContain('unsafe');
    expect(text).not.toContain('unsafe');
  });

  it('serves no page where it is told not to', async () => {
    await stop();
    await start({ servePage: false });
    expect((await get('/')).status).toBe(404);
    expect((await get('/page.css')).status).toBe(404);
  });
});
