import { Html, html, prose } from './html.ts';

/** A schema of OpenAPI 3.1 or AsyncAPI 3, of which the pages show these parts. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  /** Of the values of an object whose keys are not fixed. */
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface Field {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
  readonly description?: string | undefined;
}

/** Shows schemas as tables of fields, one row each; fields of fields are named by their path. */
export class SchemaTables {
  readonly #schemas: Readonly<Record<string, Schema>>;

  /** Takes the schemas that others refer to, by their name. */
  constructor(schemas: Readonly<Record<string, Schema>> = {}) {
    this.#schemas = schemas;
  }

  table(caption: string, fields: readonly Field[]): Html {
    return html`<table>
<caption>${caption}</caption>
<thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>
<tbody>${fields.map((field) => this.#row(field))}</tbody>
</table>`;
  }

  /** The fields of an object, and of the objects in it. */
  fields(schema: Schema, path = ''): readonly Field[] {
    const resolved = this.#resolve(schema);
    const { items, properties = {}, additionalProperties, required = [], anyOf = [] } = resolved;
    if (items !== undefined) return this.fields(items, `${path}[]`);
    const named = Object.entries(properties).flatMap(([key, property]) => {
      const name = path === '' ? key : `${path}.${key}`;
      const field = { name, schema: property, required: required.includes(key) };
      return [field, ...this.fields(property, name)];
    });
    const ofEach =
      typeof additionalProperties === 'object' ? this.fields(additionalProperties, `${path}.*`) : [];
    return [...named, ...ofEach, ...anyOf.flatMap((alternative) => this.fields(alternative, path))];
  }

  #row({ name, schema, required, description }: Field): Html {
    const resolved = this.#resolve(schema);
    const meaning = description ?? schema.description ?? resolved.description ?? '';
    const fallback = resolved.default;
    const left = fallback === undefined ? meaning : `${meaning} Default: \`${JSON.stringify(fallback)}\`.`;
    return html`<tr><th scope="row"><code>${name}</code>${required ? REQUIRED : ''}</th><td>${this.#typeOf(schema)}</td><td>${prose(left.trim())}</td></tr>
`;
  }

  /** The type in words, with its bounds. */
  #typeOf(schema: Schema): string {
    const resolved = this.#resolve(schema);
    const { anyOf, oneOf, items, type } = resolved;
    const alternatives = anyOf ?? oneOf;
    if (alternatives !== undefined) {
      return [...new Set(alternatives.map((alternative) => this.#typeOf(alternative)))].join(' or ');
    }
    if (resolved.const !== undefined) return JSON.stringify(resolved.const);
    if (resolved.enum !== undefined) {
      return resolved.enum.map((value) => JSON.stringify(value)).join(' or ');
    }
    if (items !== undefined) {
      return `list of ${this.#typeOf(items)}${range(resolved.minItems, resolved.maxItems)}`;
    }
    if (resolved.format === 'date-time') return 'ISO 8601 time';
    const types = typeof type === 'string' ? [type] : (type ?? ['any JSON']);
    return `${types.join(' or ')}${range(resolved.minimum, resolved.maximum)}`;
  }

  #resolve(schema: Schema): Schema {
    const { $ref, allOf } = schema;
    if ($ref !== undefined) return this.#resolve(this.#schemas[$ref.replace(/^.*\//, '')] ?? {});
    const [only] = allOf ?? [];
    return only === undefined ? schema : { ...this.#resolve(only), ...schema };
  }
}

const REQUIRED = new Html(' <span class="required">required</span>');

function range(from: number | undefined, to: number | undefined): string {
  const last = to === Number.MAX_SAFE_INTEGER ? '2^53-1' : to;
  if (from !== undefined && last !== undefined) return `, ${from} to ${last}`;
  if (from !== undefined) return `, at least ${from}`;
  return last === undefined ? '' : `, at most ${last}`;
}
