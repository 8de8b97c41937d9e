import { request } from 'node:http';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi, WAYS } from '../../support/start-test-api.ts';

describe.each(WAYS)('%s', (way) => {
  let open: TestApi;
  let shop: TestApi;
  beforeAll(async () => {
    open = await startTestApi({ way });
    shop = await startTestApi({
      way,
      env: {
        ALLOWED_ORIGINS: 'https://shop.example,capacitor://localhost,file://',
        ALLOWED_HOSTS: 'api.shop.example',
      },
    });
  });
  afterAll(async () => {
    await open.close();
    await shop.close();
  });

  const MESSAGE = { message: 'a', targetId: 'cors' };
  const FOREIGN = [
    'https://evil.example',
    'http://localhost.evil.example',
    'https://localhost:3000',
    'http://127.0.0.1:3000/',
  ];

  describe('Origin', () => {
    it.each(['http://localhost:3000', 'http://127.0.0.1:1', 'http://localhost', 'null'])(
      '[PUB-13] pages of this machine may, in open mode: %s',
      async (origin) => {
        const response = await supertest(open.url).post('/').set('Origin', origin).send(MESSAGE);
        expect(response.status).toBe(201);
        expect(response.headers['access-control-allow-origin']).toBe(origin);
        expect(response.headers['vary']).toBe('Origin');
        expect(response.headers['access-control-expose-headers']).toBe(
          'Idempotent-Replayed, Retry-After, X-Request-Id, WWW-Authenticate, Allow, Date',
        );
        expect(response.headers).not.toHaveProperty('access-control-allow-credentials');
      },
    );

    it.each(['capacitor://localhost', 'file://'])(
      '[PUB-13] so may apps that are named: %s',
      async (origin) => {
        const response = await supertest(shop.url).post('/').set('Origin', origin).send(MESSAGE);
        expect(response.status).toBe(201);
        expect(response.headers['access-control-allow-origin']).toBe(origin);
      },
    );

    it.each(FOREIGN)('[PUB-13] others are refused, and nothing is stored: %s', async (origin) => {
      const response = await supertest(open.url)
        .post('/')
        .set('Origin', origin)
        .send({ ...MESSAGE, targetId: 'foreign' });
      expect(response.status).toBe(403);
      expect(response.type).toBe('application/problem+json');
      expect(response.body.code).toBe('forbidden');
      expect(response.headers).not.toHaveProperty('access-control-allow-origin');
      const log = await supertest(open.url).get('/targets/foreign/messages');
      expect(log.body.head).toBe(0);
    });

    it.each([
      '/',
      '/messages/batch',
      '/targets/1/messages',
      '/healthz',
      '/readyz',
      '/metrics',
      '/docs',
      '/openapi.json',
      '/nowhere',
    ])('[PUB-13] on every route: %s', async (path) => {
      const response = await supertest(open.url).get(path).set('Origin', 'https://evil.example');
      expect(response.status).toBe(403);
    });

    it('[PUB-13] exactly those that are set', async () => {
      const statusFor = async (origin: string) =>
        (await supertest(shop.url).post('/').set('Origin', origin).send(MESSAGE)).status;
      expect(await statusFor('https://shop.example')).toBe(201);
      expect(await statusFor('http://shop.example')).toBe(403);
      expect(await statusFor('https://shop.example:444')).toBe(403);
      expect(await statusFor('http://localhost:3000')).toBe(403);
      expect(await statusFor('null')).toBe(403);
    });

    it('errors can be read by pages too', async () => {
      const response = await supertest(open.url).post('/').set('Origin', 'http://localhost:3000').send({});
      expect(response.status).toBe(400);
      expect(response.headers['access-control-allow-origin']).toBe('http://localhost:3000');
    });
  });

  describe('preflight', () => {
    const preflight = (origin: string, asked = 'content-type,idempotency-key') =>
      supertest(open.url).options('/messages').set({
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': asked,
      });

    it('[PUB-13] lists the methods and headers that a page may send', async () => {
      const response = await preflight('http://localhost:3000');
      expect(response.status).toBe(204);
      expect(response.headers).toMatchObject({
        'access-control-allow-origin': 'http://localhost:3000',
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
        'access-control-allow-headers': 'content-type,idempotency-key',
        'access-control-max-age': '600',
        vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      });
      expect(response.headers).not.toHaveProperty('access-control-allow-credentials');
    });

    it.each([
      'baggage,content-type,sentry-trace,traceparent,tracestate',
      'x-requested-with',
      'X-Request-Id, Authorization',
      "x-datadog-trace-id,b3,x!#$%&'*+.^_`|~-1",
    ])('[PUB-16] of an allowed origin allows the headers that it asks for: %s', async (asked) => {
      const response = await preflight('http://localhost:3000', asked);
      expect(response.headers['access-control-allow-headers']).toBe(asked);
    });

    it.each(['', 'a b', 'a,,b', 'a;b', '"a"', 'x'.repeat(5_000)])(
      '[PUB-16] repeats nothing that is no list of names: %j',
      async (asked) => {
        const response = await preflight('http://localhost:3000', asked);
        expect(response.status).toBe(204);
        expect(response.headers['access-control-allow-headers']).toBe(
          'Content-Type, Idempotency-Key, Authorization, X-Request-Id',
        );
      },
    );

    it('[PUB-13] is refused for others', async () => {
      const response = await preflight('https://evil.example');
      expect(response.status).toBe(403);
      expect(response.body.code).toBe('forbidden');
      expect(Object.keys(response.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    });
  });

  describe('Host', () => {
    /** supertest and fetch would set their own. */
    const statusFor = (api: TestApi, host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        request(
          { port: api.port, host: '127.0.0.1', path: '/openapi.json', headers: { Host: host } },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        )
          .on('error', reject)
          .end();
      });

    it.each(['localhost:8080', '127.0.0.1', '[::1]:8080', 'api-server:8080', '192.168.1.7'])(
      '[PUB-13] names of this machine and addresses may: %s',
      async (host) => {
        expect(await statusFor(open, host)).toBe(200);
      },
    );

    it.each(['rebound.evil.example', 'localhost.evil.example:8080', 'a b'])(
      '[PUB-13] a foreign one is refused: %s',
      async (host) => {
        expect(await statusFor(open, host)).toBe(403);
      },
    );

    it('[PUB-13] further ones can be set', async () => {
      expect(await statusFor(shop, 'api.shop.example')).toBe(200);
      expect(await statusFor(shop, 'API.shop.example:8080')).toBe(200);
      expect(await statusFor(shop, 'www.shop.example')).toBe(403);
    });
  });
});
