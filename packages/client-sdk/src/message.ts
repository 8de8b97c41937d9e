/** One message of a target that this client follows. */
export interface Message<Payload = string> {
  readonly id: string;
  readonly targetId: string;
  /** Position in the target's log: 1, 2, 3, … without gaps. */
  readonly offset: number;
  /** Identifies the lifetime of the logs in which `offset` counts. */
  readonly epoch: string;
  /** The published text, or the result of `parse`. */
  readonly data: Payload;
  /** When the message was stored: ISO 8601 with milliseconds, UTC. */
  readonly createdAt: string;
  /** True if the message was in the log before this connection began: the client was away and catches up. */
  readonly missed: boolean;
}

/** The retention rule deleted the messages `from` to `to` before they could be delivered. */
export interface Truncation {
  readonly targetId: string;
  readonly from: number;
  readonly to: number;
}

/** The log was restarted (a backup was restored): messages that were handled before may come again. */
export interface Restart {
  readonly targetId: string;
  /** The lifetime of the logs that begins now. */
  readonly epoch: string;
  /** The cursor that is no longer valid; undefined if the relay kept it (`last-ack`). */
  readonly lostOffset: number | undefined;
  /** The stream continues after this offset. */
  readonly offset: number;
}

/** Any object with a `parse` method that returns the value or throws, such as a zod schema. */
export interface PayloadSchema<Payload> {
  parse(value: unknown): Payload;
}

/**
 * Turns the published text into a payload. A function receives the text itself, a schema receives the parsed JSON.
 * Both throw if the text is invalid.
 */
export type PayloadParser<Payload> = ((text: string) => Payload) | PayloadSchema<Payload>;

export function parsePayload<Payload>(parser: PayloadParser<Payload> | undefined, text: string): Payload {
  // The options' type allows no parser for strings only.
  if (parser === undefined) return text as Payload;
  return typeof parser === 'function' ? parser(text) : parser.parse(JSON.parse(text));
}
