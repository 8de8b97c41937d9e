/** One message of a log that this client follows. */
export interface Message<Payload = string> {
  readonly id: string;
  readonly targetId: string;
  /** Its place in the target's log: 1, 2, 3, …, with no gap. */
  readonly offset: number;
  /** The lifetime of the logs that `offset` belongs to. */
  readonly epoch: string;
  /** What was published: the text, or what `parse` made of it. */
  readonly data: Payload;
  /** ISO 8601 with milliseconds, UTC: when it was stored. */
  readonly createdAt: string;
  /** True where it was in the log before this connection was there: it came late because the client was away. */
  readonly missed: boolean;
}

/** The messages `from` to `to` were deleted by the retention rule before they could be delivered. */
export interface Truncation {
  readonly targetId: string;
  readonly from: number;
  readonly to: number;
}

/** The log was restarted (a backup was restored): messages that were handled before may come again. */
export interface Restart {
  readonly targetId: string;
  /** The lifetime of the logs that has begun. */
  readonly epoch: string;
  /** The cursor that is worth nothing any more; undefined where the relay kept it (`last-ack`). */
  readonly lostOffset: number | undefined;
  /** The stream goes on after this offset. */
  readonly offset: number;
}

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
