import { type HttpAnswer, jsonAnswer } from '../answers/answer.ts';
import { problemAnswer } from '../answers/problem.ts';
import { HTTP_ERRORS, type HttpErrorCode } from '@postline/protocol';
import { DOCUMENTATION_POLICY, PAGE_ICON, PAGE_STYLE } from '@postline/service-runtime';
import { createDocumentationPage } from '../documentation/documentation-page.ts';
import { createProblemPage } from '../documentation/problem-page.ts';
import { PAGE_SCRIPT } from '../documentation/page-script.ts';
import { createOpenApiDocument } from '../openapi/openapi-document.ts';
import type { Route, RouteMatch } from './route.ts';

/** `GET /openapi.json` for programs, `GET /docs` and the types of problems for people. */
export function createDocumentationRoutes(): readonly Route[] {
  const document = createOpenApiDocument();
  const description = jsonAnswer(200, document);
  const page = pageAnswer('text/html', createDocumentationPage(document));
  const withoutSlash: HttpAnswer = { status: 308, headers: { Location: '../docs' }, body: '' };
  return [
    documentationRoute('/openapi.json', () => description),
    documentationRoute('/docs', ({ response }) => (response.req.path.endsWith('/') ? withoutSlash : page)),
    ...Object.entries({
      'page.css': pageAnswer('text/css', PAGE_STYLE),
      'page.js': pageAnswer('text/javascript', PAGE_SCRIPT),
      'icon.svg': pageAnswer('image/svg+xml', PAGE_ICON),
    }).map(([name, answer]) => documentationRoute(`/docs/${name}`, () => answer)),
    problemRoute(),
  ];
}

const UNKNOWN_PROBLEM = problemAnswer({
  code: 'not_found',
  detail: 'There is no problem of this type. The documentation at /docs lists all of them.',
});

/** The page that the `type` of a problem opens. */
function problemRoute(): Route {
  const codes = Object.keys(HTTP_ERRORS) as HttpErrorCode[];
  const pages = new Map(
    codes.map((code) => [code as string, pageAnswer('text/html', createProblemPage(code))]),
  );
  const path = '/problems/:code';
  return {
    method: 'GET',
    path,
    label: path,
    answer: (_request, { params: { code = '' } }) => Promise.resolve(pages.get(code) ?? UNKNOWN_PROBLEM),
  };
}

function documentationRoute(path: string, answer: (match: RouteMatch) => HttpAnswer): Route {
  return {
    method: 'GET',
    path: `${path}{/}`,
    label: path,
    answer: (_request, match) => Promise.resolve(answer(match)),
  };
}

function pageAnswer(contentType: string, body: string): HttpAnswer {
  return {
    status: 200,
    headers: {
      'Content-Type': `${contentType}; charset=utf-8`,
      'Content-Security-Policy': DOCUMENTATION_POLICY,
      'Cross-Origin-Opener-Policy': 'same-origin',
    },
    body,
  };
}
