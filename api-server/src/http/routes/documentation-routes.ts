import { type RequestHandler, Router } from 'express';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { allowOnly } from './allow-only.ts';
import { type HttpAnswer, jsonAnswer, sendAnswer } from '../answers/answer.ts';
import { createOpenApiDocument } from '../openapi/openapi-document.ts';
import { holdUntilTaken } from '../answers/untaken-answers.ts';

const require = createRequire(import.meta.url);
/** Swagger UI as Fastify ships it: its own package depends on one that reports each installation. */
const ASSETS_FOLDER = join(dirname(require.resolve('@fastify/swagger-ui/package.json')), 'static');
const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const;
/** The files change only with a new version of the service. */
const ASSETS_MAX_AGE_SECONDS = 3_600;
/** A file is read in pieces of 64 KiB; one waits in the connection while the next is read. */
const ASSET_HELD_BYTES = 128 * 1024;

/** Everything comes from here, and no script stands in the page; the styles that the viewer writes itself are let. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Every address in it is relative to `…/docs`, and those of the description to `…/openapi.json`: a reverse proxy may give
 * the API a part of a site.
 */
const PAGE = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Postline API</title>
  <link rel="icon" type="image/png" href="docs/favicon-32x32.png">
  <link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
  <div id="documentation"></div>
  <noscript>The description of this API in machine-readable form is at <a href="openapi.json">openapi.json</a>.</noscript>
  <script src="docs/swagger-ui-bundle.js"></script>
  <script src="docs/start.js"></script>
</body>
</html>
`;

const START_SCRIPT = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#documentation',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  supportedSubmitMethods: ['get', 'post', 'delete'],
  validatorUrl: null,
});
`;

/** `GET /openapi.json` and, for people, `GET /docs`. */
export function createDocumentationRoutes(): Router {
  const router = Router({ caseSensitive: true });
  const documentAnswer = jsonAnswer(200, createOpenApiDocument());
  router.get('/openapi.json', answerWith(documentAnswer));
  const page = answerWith(pageAnswer('text/html; charset=utf-8', PAGE));
  const back = answerWith({ status: 308, headers: { Location: '../docs' }, body: '' });
  router.get('/docs', (request, response, next) => {
    (request.path.endsWith('/') ? back : page)(request, response, next);
  });
  router.get('/docs/start.js', answerWith(pageAnswer('text/javascript; charset=utf-8', START_SCRIPT)));
  for (const name of ASSETS) {
    router.get(`/docs/${name}`, (_request, response) => {
      holdUntilTaken(response, ASSET_HELD_BYTES);
      response.sendFile(name, {
        root: ASSETS_FOLDER,
        maxAge: ASSETS_MAX_AGE_SECONDS * 1_000,
        cacheControl: true,
      });
    });
  }
  const paths = ['/openapi.json', '/docs', '/docs/start.js', ...ASSETS.map((name) => `/docs/${name}`)];
  router.all(paths, allowOnly('GET', 'HEAD'));
  return router;
}

function pageAnswer(contentType: string, body: string): HttpAnswer {
  return {
    status: 200,
    headers: {
      'Content-Type': contentType,
      'Content-Security-Policy': PAGE_POLICY,
      'Cross-Origin-Opener-Policy': 'same-origin',
    },
    body,
  };
}

function answerWith(answer: HttpAnswer): RequestHandler {
  return (_request, response) => {
    sendAnswer(response, answer);
  };
}
