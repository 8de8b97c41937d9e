import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serveClientScript } from '../../src/http/client-script.ts';

let server: Server;
let url: string;

beforeEach(async () => {
  const application = express();
  serveClientScript(application);
  server = createServer(application);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/client.js`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

it('[SDK-14] any page may load the client library, and a cache may keep it for a while', async () => {
  const response = await fetch(url);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  });
  expect(await response.text()).toContain('Postline');
});

it('[SDK-14] a client that has the current script gets 304', async () => {
  const etag = (await fetch(url)).headers.get('etag') ?? '';
  // Not by fetch, which would ask for a copy that no cache has kept.
  const [again] = (await once(get(url, { headers: { 'If-None-Match': etag } }), 'response')) as [
    IncomingMessage,
  ];
  expect(again.statusCode).toBe(304);
});
