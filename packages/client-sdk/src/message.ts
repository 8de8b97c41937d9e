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

/** May be async: the next message waits until it resolves, and then the cursor moves. */
export type MessageHandler<Payload> = (message: Message<Payload>) => unknown;

/** Which earlier messages to request. */
export interface HistoryQuery {
  /** The client's own id (default), or a group that it follows. */
  readonly target?: string | number;
  /** Only messages before this offset. Default: the newest. */
  readonly before?: number;
  /** At most this many messages, 1 to 200. Default: 50. */
  readonly limit?: number;
}

/** Earlier messages of one target. */
export interface History<Payload = string> {
  /** Oldest first; `missed` is false in all of them. Messages that cannot be parsed are reported, and left out. */
  readonly messages: readonly Message<Payload>[];
  /** The oldest offset that can be read, if earlier messages were deleted or are from before the join; otherwise null. */
  readonly truncatedBefore: number | null;
}

/** The messages `from` to `to` will not be delivered: the retention rule deleted them before. */
export interface Truncation {
  readonly targetId: string;
  readonly from: number;
  readonly to: number;
  /** `membership`: they are from a time when this client was not a member of the group. */
  readonly reason?: 'membership';
}

/** This connection follows a group from now on. Its messages after `offset` arrive. */
export interface Followed {
  readonly targetId: string;
  readonly offset: number;
  /** The last offset in the group's log. */
  readonly head: number;
  /** False if the cursor was not valid: messages that were handled before may come again. */
  readonly recovered: boolean;
  /** The client became a member, its token allows it, or `follow` asked for it. */
  readonly cause: 'joined' | 'token' | 'followed';
}

/** This connection does not follow a group any more. No message of it arrives after this. */
export interface Unfollowed {
  readonly targetId: string;
  /** The client left the group, its token does not allow it any more, or `unfollow` asked for it. */
  readonly cause: 'left' | 'token' | 'unfollowed';
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
