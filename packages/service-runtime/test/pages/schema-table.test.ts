import { expect, it } from 'vitest';
import { type Schema, SchemaTables } from '../../src/pages/schema-table.ts';

const tables = new SchemaTables({ Id: { type: 'string', description: 'An id.' } });

function rowOf(schema: Schema): string {
  const { text } = tables.table('x', [{ name: 'f', schema, required: false }]);
  return text
    .replace(/^[^]*<tbody>|<\/tbody>[^]*$/g, '')
    .replace(/<[^>]+>/g, '|')
    .replace(/\|+/g, '|')
    .trim();
}

it.each<[Schema, string]>([
  [{ type: 'string' }, '|f|string|'],
  [{ $ref: '#/components/schemas/Id' }, '|f|string|An id.|'],
  [{ allOf: [{ $ref: '#/components/schemas/Id' }], description: 'Another.' }, '|f|string|Another.|'],
  [{ type: ['string', 'null'] }, '|f|string or null|'],
  [
    { anyOf: [{ type: 'string' }, { type: 'integer', minimum: 0, maximum: 2 ** 53 - 1 }] },
    '|f|string or integer, 0 to 2^53-1|',
  ],
  [{ type: 'array', minItems: 1, maxItems: 9, items: { type: 'integer' } }, '|f|list of integer, 1 to 9|'],
  [{ type: 'integer', minimum: 1 }, '|f|integer, at least 1|'],
  [{ type: 'integer', maximum: 7 }, '|f|integer, at most 7|'],
  [{ enum: ['a', 'b'], default: 'a' }, '|f|"a" or "b"|Default: |"a"|.|'],
  [{ type: 'string', const: 'now' }, '|f|"now"|'],
  [{ type: 'string', format: 'date-time' }, '|f|ISO 8601 time|'],
  [{}, '|f|any JSON|'],
])('shows the type of %j in words', (schema, row) => {
  expect(rowOf(schema).replaceAll('&quot;', '"')).toBe(row);
});

it('names the fields of nested objects and lists by their path', () => {
  const inner: Schema = { type: 'object', properties: { b: { type: 'string' } }, required: ['b'] };
  const schema: Schema = { type: 'object', properties: { a: { type: 'array', items: inner }, c: inner } };
  expect(tables.fields(schema).map(({ name, required }) => [name, required])).toEqual([
    ['a', false],
    ['a[].b', true],
    ['c', false],
    ['c.b', true],
  ]);
});

it('names the fields of alternatives, and of the values of an object with any keys', () => {
  const value: Schema = { type: 'object', properties: { b: { type: 'string' } }, required: ['b'] };
  const schema: Schema = {
    type: 'object',
    properties: {
      a: { anyOf: [{ type: 'string', const: 'x' }, value] },
      c: { type: 'object', additionalProperties: value },
      d: { type: 'object', additionalProperties: false },
    },
  };
  expect(tables.fields(schema).map(({ name }) => name)).toEqual(['a', 'a.b', 'c', 'c.*.b', 'd']);
});
