import { type Field, Html, html, prose, type Schema, type SchemaTables } from '@postline/service-runtime';

interface Content {
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, unknown>>;
}

type Contents = Readonly<Record<string, Content>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema & { readonly example?: unknown };
  readonly example?: unknown;
}

interface Answer {
  readonly description: string;
  readonly content?: Contents;
}

/** An operation of OpenAPI, of which the page shows these parts. */
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Contents };
  readonly responses: Readonly<Record<string, Answer>>;
}

export interface RoutedOperation extends Operation {
  readonly method: string;
  readonly path: string;
}

/** One request of the API: what it takes, what it answers, and a form that sends it. */
export function operationSection(operation: RoutedOperation, tables: SchemaTables): Html {
  const { operationId, method, path, summary, description = '' } = operation;
  return html`<article class="operation" id="${operationId}" aria-labelledby="${operationId}-title">
<h3 id="${operationId}-title"><span class="method ${method}">${method.toUpperCase()}</span> <code>${path}</code></h3>
<p class="summary">${prose(summary)}</p>
${description === '' ? '' : html`<p>${prose(description)}</p>`}
<p class="access">${accessOf(operation)}</p>
${parameterTable(operation, tables)}${bodyTable(operation, tables)}${answerList(operation, tables)}${tryForm(operation)}
</article>
`;
}

function accessOf({ security = [] }: Operation): string {
  const kinds = security.flatMap((kind) => Object.keys(kind));
  if (kinds.length === 0) return 'Needs no key.';
  const token = kinds.includes('clientToken') ? ", or the client's own token" : '';
  return `With AUTH=required, needs a key${token}.`;
}

function parameterTable({ parameters = [] }: Operation, tables: SchemaTables): Html | string {
  if (parameters.length === 0) return '';
  const fields = parameters.map((parameter): Field => {
    const { name, schema = {}, required = false, description } = parameter;
    return { name, schema, required, description };
  });
  return tables.table(`Parameters (${[...new Set(parameters.map(placeOf))].join(', ')})`, fields);
}

function placeOf(parameter: Parameter): string {
  return parameter.in;
}

function bodyTable({ requestBody }: Operation, tables: SchemaTables): Html | string {
  const schema = requestBody && firstOf(requestBody.content)?.schema;
  return schema === undefined ? '' : tables.table('Body (JSON)', tables.fields(schema));
}

function answerList({ responses }: Operation, tables: SchemaTables): Html {
  const answers = Object.entries(responses);
  const isError = ([, { content = {} }]: readonly [string, Answer]) => 'application/problem+json' in content;
  const errors = answers.filter(isError);
  const others = answers.filter((answer) => !isError(answer));
  return html`<h4>Answers</h4>
<dl>
${others.map(([status, answer]) => html`<dt>${status}</dt><dd>${prose(answer.description)}${answerDetails(answer, tables)}</dd>`)}
${errors.map(([status, answer]) => html`<dt>${status}</dt><dd>${errorLinks(answer)}</dd>`)}
</dl>
`;
}

function answerDetails({ content = {} }: Answer, tables: SchemaTables): Html | string {
  const { schema = {}, example } = firstOf(content) ?? {};
  const fields = tables.fields(schema);
  if (fields.length === 0) return '';
  return html`<details><summary>Fields and example</summary>
${example === undefined ? '' : html`<pre><code>${JSON.stringify(example, null, 2)}</code></pre>`}
${tables.table('Body (JSON)', fields)}</details>`;
}

function errorLinks({ content = {} }: Answer): readonly Html[] {
  const codes = Object.keys(firstOf(content)?.examples ?? {});
  return codes.map((code) => html`<a href="#problem-${code}"><code>${code}</code></a> `);
}

/**
 * Its fields carry where they go: `path:name`, `query:name`, `header:name` or `body`. Optional fields begin empty: an
 * idempotency key that is already there would make the second request a repetition of the first.
 */
function tryForm(operation: RoutedOperation): Html {
  const { operationId, method, path, parameters = [], requestBody } = operation;
  const example = requestBody && firstOf(requestBody.content)?.example;
  const body = example === undefined ? '' : JSON.stringify(example, null, 2);
  return html`<details class="try"><summary>Try it</summary>
<form data-method="${method.toUpperCase()}" data-path="${path}">
${parameters.map((parameter) => parameterField(operationId, parameter))}${
  requestBody === undefined
    ? ''
    : html`<p><label for="${operationId}-body">Body</label><textarea id="${operationId}-body" name="body" rows="${body.split('\n').length}" spellcheck="false">${body}</textarea></p>`
}
<p><button>Send to this server</button></p>
<p class="outcome" role="status"></p>
<pre class="sent" hidden><code></code></pre>
<pre class="received" hidden><code></code></pre>
</form></details>`;
}

function parameterField(operationId: string, parameter: Parameter): Html {
  const { name, schema = {}, example = schema.example, required = false } = parameter;
  const id = `${operationId}-${name}`;
  const value = required && example !== undefined ? JSON.stringify(example).replace(/^"|"$/g, '') : '';
  return html`<p><label for="${id}">${name}${required ? '' : ' (optional)'}</label><input id="${id}" name="${parameter.in}:${name}" value="${value}"${required ? new Html(' required') : ''} autocomplete="off" spellcheck="false"></p>
`;
}

function firstOf(contents: Contents): Content | undefined {
  return Object.values(contents)[0];
}
