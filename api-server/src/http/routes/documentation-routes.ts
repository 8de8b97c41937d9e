import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Response } from 'express';
import { type HttpAnswer, jsonAnswer } from '../answers/answer.ts';
import { holdUntilTaken } from '../answers/untaken-answers.ts';
import { createOpenApiDocument } from '../openapi/openapi-document.ts';
import type { Route, RouteMatch } from './route.ts';

const require = createRequire(import.meta.url);
/** Swagger UI as Fastify ships it: its own package depends on one that reports each installation. */
const ASSETS_FOLDER = join(dirname(require.resolve('@fastify/swagger-ui/package.json')), 'static');
const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const;
/** The files change only with a new version of the service. */
const ASSETS_MAX_AGE_SECONDS = 3_600;
/** A file is read in pieces of 64 KiB: one waits in the connection while the next is read. */
const ASSET_HELD_BYTES = 128 * 1024;

/** Allows files of this server only, and no script in the page; the viewer writes its own inline styles. */
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

/** Its links are relative, so that a reverse proxy can serve the API under any path of a site. */
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
  <noscript>The machine-readable description of this API is <a href="openapi.json">openapi.json</a>.</noscript>
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
  supportedSubmitMethods: ['get', 'post', 'put', 'delete'],
  validatorUrl: null,
});
`;

/** `GET /openapi.json` for programs, `GET /docs` for people. */
export function createDocumentationRoutes(): readonly Route[] {
  const document = jsonAnswer(200, createOpenApiDocument());
  const page = documentAnswer('text/html; charset=utf-8', PAGE);
  const withoutSlash: HttpAnswer = { status: 308, headers: { Location: '../docs' }, body: '' };
  const script = documentAnswer('text/javascript; charset=utf-8', START_SCRIPT);
  return [
    documentationRoute('/openapi.json', () => document),
    documentationRoute('/docs', ({ response }) => (response.req.path.endsWith('/') ? withoutSlash : page)),
    documentationRoute('/docs/start.js', () => script),
    ...ASSETS.map((name) => documentationRoute(`/docs/${name}`, ({ response }) => sendAsset(name, response))),
  ];
}

function documentationRoute(path: string, answer: (match: RouteMatch) => HttpAnswer | undefined): Route {
  return {
    method: 'GET',
    path: `${path}{/}`,
    label: path,
    answer: (_request, match) => Promise.resolve(answer(match)),
  };
}

function sendAsset(name: string, response: Response): undefined {
  holdUntilTaken(response, ASSET_HELD_BYTES);
  response.sendFile(name, {
    root: ASSETS_FOLDER,
    maxAge: ASSETS_MAX_AGE_SECONDS * 1_000,
    cacheControl: true,
  });
}

function documentAnswer(contentType: string, body: string): HttpAnswer {
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
