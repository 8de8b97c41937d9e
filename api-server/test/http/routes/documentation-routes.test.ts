import { gzipSync } from 'node:zlib';
import { HTTP_ERRORS } from '@postline/protocol';
import supertest from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/start-test-api.ts';

/** Swagger UI, which it replaces, took 430 KB. */
const GZIPPED_BYTES_MAX = 20 * 1024;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(async () => {
  await api.close();
});

it('[DOC-1] /openapi.json describes every route and every error', async () => {
  const { body, type } = await supertest(api.url).get('/openapi.json');
  expect(type).toBe('application/json');
  expect(body.openapi).toBe('3.1.0');
  const routes = Object.entries(body.paths as Record<string, object>).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  );
  expect(routes.toSorted()).toEqual(
    [
      'post /',
      'post /messages',
      'post /messages/batch',
      'get /targets/{targetId}/messages',
      'get /targets/{targetId}/receipts',
      'put /groups/{name}/members/{clientId}',
      'delete /groups/{name}/members/{clientId}',
      'post /groups/{name}/members/batch',
      'get /groups/{name}/members',
      'get /clients/{clientId}/groups',
      'delete /clients/{clientId}/connections',
      'get /healthz',
      'get /readyz',
      'get /metrics',
      'get /openapi.json',
    ].toSorted(),
  );
  for (const [code, { status }] of Object.entries(HTTP_ERRORS)) {
    expect(body.info.description).toContain(`| ${status} | \`${code}\` |`);
  }
  const publish = body.paths['/messages'].post;
  expect(Object.keys(publish.responses as object)).toEqual([
    '201',
    '400',
    '401',
    '403',
    '413',
    '415',
    '422',
    '429',
    '500',
    '503',
  ]);
  expect(publish.responses['400'].content['application/problem+json'].examples).toHaveProperty(
    'malformed_json',
  );
  expect(publish.parameters).toMatchObject([{ in: 'header', name: 'Idempotency-Key' }]);
  expect(body.components.schemas).toHaveProperty('Problem');
  expect(publish.security).toEqual([{ publisherKey: [] }]);
  expect(Object.keys(body.components.securitySchemes as object)).toEqual(['publisherKey', 'clientToken']);
});

it('[DOC-1] the example in the description is a request that works', async () => {
  const { body } = await supertest(api.url).get('/openapi.json');
  const { content } = body.paths['/'].post.requestBody;
  await supertest(api.url).post('/').send(content['application/json'].example).expect(201);
  expect(body.info.description).toContain('curl -X POST http://localhost:8080 -H');
});

it('[DOC-3] /docs is a page whose parts all come from here, with no script in it', async () => {
  const page = await supertest(api.url).get('/docs');
  expect(page.type).toBe('text/html');
  const policy = page.headers['content-security-policy'];
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toContain('unsafe');
  expect(page.text).not.toMatch(/<script(?! src="docs\/)/);
  const parts = [...page.text.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, address]) => address ?? '');
  expect(parts.length).toBeGreaterThan(3);
  for (const address of parts) {
    expect(address).not.toMatch(/^\/|:/);
    const part = await supertest(api.url).get(`/${address}`);
    expect([address, part.status]).toEqual([address, 200]);
  }
});

it('[PAGE-12] nothing of the documentation begins at the root of the host', async () => {
  const { body } = await supertest(api.url).get('/openapi.json');
  expect(body.servers).toEqual([{ url: '.' }]);
  const moved = await supertest(api.url).get('/docs/');
  expect(moved.status).toBe(308);
  expect(new URL(moved.headers['location'] ?? '', 'https://example.com/push/api/docs/').href).toBe(
    'https://example.com/push/api/docs',
  );
  expect(moved.text).toBe('');
});

it('[DOC-2] /docs shows every operation, parameter and field, and an anchor for every error', async () => {
  const [{ body }, { text }] = [
    await supertest(api.url).get('/openapi.json'),
    await supertest(api.url).get('/docs'),
  ];
  const operations = Object.values(body.paths as Record<string, object>).flatMap((path) =>
    Object.values(path as Record<string, { operationId: string }>),
  );
  for (const { operationId } of operations)
    expect(text).toContain(`<article class="operation" id="${operationId}"`);
  for (const field of ['messages[].targetId', 'receipts[].ackedAt', 'Idempotency-Key', 'truncatedBefore'])
    expect(text).toContain(`<code>${field}</code>`);
  for (const code of Object.keys(HTTP_ERRORS)) expect(text).toContain(`id="problem-${code}"`);
  const linked = [...text.matchAll(/href="#([^"]+)"/g)].map(([, anchor]) => anchor);
  for (const anchor of new Set(linked)) expect(text).toContain(`id="${anchor}"`);
  expect(text).not.toMatch(/undefined|\[object/);
  const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toEqual([...new Set(ids)]);
});

it('[DOC-3] /docs is smaller than a picture', async () => {
  const parts = await Promise.all(
    ['/docs', '/docs/page.css', '/docs/page.js'].map(
      async (path) => (await supertest(api.url).get(path)).text,
    ),
  );
  expect(gzipSync(parts.join('')).length).toBeLessThan(GZIPPED_BYTES_MAX);
});

it('[DOC-4] the type of a problem opens a page about it', async () => {
  for (const [code, { title, status }] of Object.entries(HTTP_ERRORS)) {
    const page = await supertest(api.url).get(`/problems/${code}`);
    expect([page.status, page.type]).toEqual([200, 'text/html']);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.text).toContain(`<h1>${title}</h1>`);
    expect(page.text).toContain(`<code>${code}</code>, status ${status}`);
  }
  for (const path of ['/', '/messages', '/messages/batch', '/targets/1/messages', '/nowhere/?a=/b/']) {
    const refused = await supertest(api.url).post(path).send({});
    const page = new URL(String(refused.body.type), new URL(path, api.url));
    expect(page.href).toBe(`${api.url}/problems/${refused.body.code}`);
    expect((await fetch(page)).status).toBe(200);
  }
  for (const path of ['/problems/unknown', '/problems/toString', '/problems/', '/problems']) {
    const unknown = await supertest(api.url).get(path);
    expect([unknown.status, unknown.type]).toEqual([404, 'application/problem+json']);
  }
});
