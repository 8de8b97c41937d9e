/** Anything with a `parse` that returns the value or throws: a zod schema, for one. */
export interface PayloadSchema<Payload> {
  parse(value: unknown): Payload;
}

/**
 * Makes a payload of a message's text. A function is given the text as it was published; a schema is given what the
 * text says as JSON. Either throws where the text is not what it should be.
 */
export type PayloadParser<Payload> = ((text: string) => Payload) | PayloadSchema<Payload>;

export function parsePayload<Payload>(parser: PayloadParser<Payload> | undefined, text: string): Payload {
  // Only a client of strings has no parser: the options' type holds that.
  if (parser === undefined) return text as Payload;
  return typeof parser === 'function' ? parser(text) : parser.parse(JSON.parse(text));
}
