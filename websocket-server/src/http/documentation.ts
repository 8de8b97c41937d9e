import { DOCUMENTATION_POLICY, PAGE_ICON, PAGE_STYLE } from '@postline/service-runtime';
import type { Express } from 'express';
import { createAsyncApiDocument, createAsyncApiText } from './asyncapi/asyncapi-document.ts';
import { createAsyncApiPage } from './asyncapi/asyncapi-page.ts';
import { hostOf } from './request-host.ts';

/** Serves `/asyncapi.json` for programs and `/docs` for people. */
export function serveDocumentation(application: Express): void {
  const documentText = createAsyncApiText();
  application.get('/asyncapi.json', (request, response) => {
    response.type('json').send(documentText(hostOf(request)));
  });
  const files = [
    ['/docs', 'html', createAsyncApiPage(createAsyncApiDocument())],
    ['/docs/page.css', 'css', PAGE_STYLE],
    ['/docs/icon.svg', 'svg', PAGE_ICON],
  ] as const;
  for (const [path, type, content] of files) {
    application.get(path, (request, response) => {
      if (path === '/docs' && request.path.endsWith('/')) {
        response.redirect(308, '../docs'); // its links are relative, for a proxy that serves the relay under a path
        return;
      }
      response
        .setHeader('Content-Security-Policy', DOCUMENTATION_POLICY)
        .setHeader('Cache-Control', 'no-cache')
        .type(type)
        .send(content);
    });
  }
}
