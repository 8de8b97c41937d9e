import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DOCUMENTATION_POLICY, PAGE_ICON } from '@postline/service-runtime';
import type { Express } from 'express';

const FOLDER = fileURLToPath(new URL('../../../../web-client/', import.meta.url));

/** Serves the page and its files. They hold no data, so nobody needs a key for them. `npm run build` creates the script. */
export function serveOperationsPage(application: Express): void {
  const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8');
  const files = [
    ['/ops', 'html', read('operations.html')],
    ['/ops/page.css', 'css', read('operations.css')],
    ['/ops/page.js', 'js', read('dist/operations.js')],
    ['/ops/icon.svg', 'svg', PAGE_ICON],
  ] as const;
  for (const [path, type, content] of files) {
    application.get(path, (request, response) => {
      if (path === '/ops' && request.path.endsWith('/')) {
        response.redirect(308, '../ops'); // its links are relative, for a proxy that serves the relay under a path
        return;
      }
      response
        .setHeader('Content-Security-Policy', `${DOCUMENTATION_POLICY}; require-trusted-types-for 'script'`)
        .setHeader('Cache-Control', 'no-cache')
        .type(type)
        .send(content);
    });
  }
}
