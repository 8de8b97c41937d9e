import { clientFrameSchema, relayFrameSchema } from '@postline/protocol';
import type { Schema } from '@postline/service-runtime';
import { z } from 'zod';

/** JSON Schema (draft 7, as in AsyncAPI) of all frames, and the named schemas that they refer to. */
export interface FrameSchemas {
  /** By the `type` of the frame. */
  readonly ofClient: ReadonlyMap<string, Schema>;
  readonly ofRelay: ReadonlyMap<string, Schema>;
  readonly shared: Readonly<Record<string, Schema>>;
}

type FrameSchema = (typeof clientFrameSchema.options | typeof relayFrameSchema.options)[number];

interface FrameJson extends Schema {
  readonly $schema?: string;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

/** Converts the schemas by which the relay parses the frames of clients, and that define the types of its own. */
export function createFrameSchemas(): FrameSchemas {
  const shared: Record<string, Schema> = {};
  const convert = (schemas: readonly FrameSchema[]) =>
    new Map(
      schemas.map((schema) => {
        const { $schema: _version, definitions = {}, ...json } = jsonSchemaOf(schema);
        Object.assign(shared, definitions);
        return [schema.shape.type.value, json];
      }),
    );
  return { ofClient: convert(clientFrameSchema.options), ofRelay: convert(relayFrameSchema.options), shared };
}

function jsonSchemaOf(schema: FrameSchema): FrameJson {
  const json = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern; // several lines that say the same
      if ('example' in jsonSchema) {
        jsonSchema.examples = [jsonSchema['example']];
        delete jsonSchema['example']; // of OpenAPI
      }
    },
  });
  return JSON.parse(
    JSON.stringify(json).replaceAll('"#/definitions/', '"#/components/schemas/'),
  ) as FrameJson;
}
