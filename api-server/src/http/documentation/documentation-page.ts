import { HTTP_ERRORS } from '@postline/protocol';
import {
  type Html,
  html,
  htmlPage,
  MENU_CLOSE_LINK,
  MENU_LINK,
  prose,
  SchemaTables,
} from '@postline/service-runtime';
import type { createOpenApiDocument } from '../openapi/openapi-document.ts';
import { type Operation, operationSection, type RoutedOperation } from './operation-section.ts';

type OpenApiDocument = ReturnType<typeof createOpenApiDocument>;

/** In the examples; the page's script puts the address of this server in its place. */
const EXAMPLE_ADDRESS = 'http://localhost:8080';

/** The documentation of the API for people. It can be read without its script, which only sends requests. */
export function createDocumentationPage(document: OpenApiDocument): string {
  const operations = operationsOf(document);
  const tables = new SchemaTables(document.components?.schemas);
  const tags = (document.tags ?? []).map(({ name, description = '' }) => ({
    name,
    description,
    operations: operations.filter((operation) => operation.tags.includes(name)),
  }));
  const head = html`<script src="docs/page.js" defer></script>
`;
  const body = html`<a class="skip" href="#content">Skip to the content</a>
<header>
<h1>Postline API</h1>
<p>Version ${document.info.version}. For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
${MENU_LINK}
</header>
<nav id="menu" aria-label="Requests">
${tags.map(tagLinks)}
<p><a href="#errors">Errors</a></p>
${MENU_CLOSE_LINK}
</nav>
<main id="content" tabindex="-1">
${introduction(document)}
${tags.map(
  ({ name, description, operations: ofTag }) => html`<h2>${name}</h2>
<p>${prose(description)}</p>
${ofTag.map((operation) => operationSection(operation, tables))}`,
)}
${errorSection()}
</main>`;
  return htmlPage({ title: 'Postline API', base: '', head, body });
}

interface Tag {
  readonly name: string;
  readonly operations: readonly RoutedOperation[];
}

function operationsOf(document: OpenApiDocument): readonly RoutedOperation[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Readonly<Record<string, Operation>>).map(([method, operation]) => ({
      ...operation,
      method,
      path,
    })),
  );
}

function tagLinks({ name, operations }: Tag): Html {
  return html`<h2>${name}</h2>
<ul>
${operations.map(
  ({ operationId, method, path }) =>
    html`<li><a href="#${operationId}"><span class="method ${method}">${method.toUpperCase()}</span> <span class="path">${path.split(/(?=\/)/).map(breakable)}</span></a></li>
`,
)}</ul>
`;
}

/** A long path breaks before a slash. */
function breakable(part: string): Html {
  return html`<wbr>${part}`;
}

function introduction({ info }: OpenApiDocument): Html {
  const [about = '', command = ''] = (info.description ?? '').split('\n\n');
  return html`<p>${prose(about)}</p>
<pre><code data-address="${EXAMPLE_ADDRESS}">${command.replaceAll('```', '').trim()}</code></pre>
<p><label for="credential">Key or token, if this server runs with AUTH=required</label>
<input id="credential" type="password" autocomplete="off" spellcheck="false">
<span class="hint">Sent with the requests of this page, and forgotten when the page is closed.</span></p>
`;
}

function errorSection(): Html {
  const rows = Object.entries(HTTP_ERRORS).map(
    ([code, { status, title, retryable }]) =>
      html`<tr id="problem-${code}"><th scope="row"><code>${code}</code></th><td>${status}</td><td>${title}</td><td>${retryable ? 'yes' : 'no'}</td></tr>
`,
  );
  return html`<h2 id="errors">Errors</h2>
<p>Errors are <code>application/problem+json</code> (RFC 9457) with <code>type</code>, <code>title</code>, <code>status</code>, <code>detail</code>, <code>code</code> and, for <code>validation_failed</code>, <code>errors</code> with the path and message of each wrong field.</p>
<table>
<thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Meaning</th><th scope="col">Retry unchanged</th></tr></thead>
<tbody>${rows}</tbody>
</table>
`;
}
