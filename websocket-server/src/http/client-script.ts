import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Express } from 'express';

const FILE = fileURLToPath(new URL('../../../packages/client-sdk/dist/client.js', import.meta.url));

/**
 * Five minutes: a page with many readers is served mostly from caches, and an updated relay's script is used soon. A cached
 * script still works, because the protocol only ever grows.
 */
const CACHE_SECONDS = 300;

/**
 * Serves the client library as a classic script at `/client.js`, also where the page isn't served. Any page may load
 * it, one that was opened from disk too: there is nothing in it that is anybody's.
 */
export function serveClientScript(application: Express): void {
  const content = readFileSync(FILE, 'utf8');
  const etag = `"${createHash('sha256').update(content).digest('base64url')}"`;
  application.get('/client.js', (_request, response) => {
    response
      .setHeader('ETag', etag)
      .setHeader('Cache-Control', `public, max-age=${CACHE_SECONDS}`)
      .setHeader('Access-Control-Allow-Origin', '*')
      .setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
      .type('text/javascript; charset=utf-8')
      .send(content);
  });
}
