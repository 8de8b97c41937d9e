import type { Cursor, CursorStore } from './cursor/cursor.ts';
import type { PayloadParser } from './message.ts';

/** A token (JWT), or where to get one: called for the first connection, before one expires and after 4001. */
export type Token = string | (() => string | Promise<string>);

/** Only a client of strings may leave `parse` out. */
type ParseOption<Payload> = string extends Payload
  ? { readonly parse?: PayloadParser<Payload> }
  : { readonly parse: PayloadParser<Payload> };

interface PostlineClientBaseOptions {
  /** The relay: `ws:`, `wss:`, `http:` or `https:`; in a browser it may be relative to the page. */
  readonly url: string | URL;
  /** Who this client is; `1` and `"1"` are the same. */
  readonly clientId: string | number;
  readonly token?: Token;
  /** Where to start if the cursor store holds nothing. Left out: only what comes from now on. */
  readonly resume?: Cursor;
  /** What to do when a message handler throws: try the message again after a while (the default), or close. */
  readonly onHandlerError?: 'retry' | 'stop';
  /** What to do when `parse` throws: go on with the next message (the default), or close. */
  readonly onParseError?: 'skip' | 'stop';
  /** The first retry comes at a random moment within this time. 1,000 ms. */
  readonly firstRetryMsMax?: number;
  /** The time doubles with each failure, up to this. 20,000 ms. */
  readonly retryMsMax?: number;
  /** A connection has to be there within this time, token and cursor included. 15,000 ms. */
  readonly openMsMax?: number;
  /** Acks are sent together, this often at most. 500 ms. */
  readonly ackIntervalMs?: number;
  /** Messages that may wait for the handler. 1,000. */
  readonly inboxMessagesMax?: number;
  /** UTF-16 units of messages that may wait for the handler. 4 Mi. */
  readonly inboxUnitsMax?: number;
  /** Closes the client when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * Where the cursor is kept from one run to the next: in memory by default. `"last-ack"`: nowhere, the relay remembers
 * what this device has acked. `deviceId` names it among the client's devices, each of which has acks of its own.
 */
type CursorOptions =
  | { readonly cursorStore?: CursorStore; readonly deviceId?: string }
  | { readonly cursorStore: 'last-ack'; readonly deviceId: string };

export type PostlineClientOptions<Payload = string> = PostlineClientBaseOptions &
  CursorOptions &
  ParseOption<Payload>;

const DEFAULTS = {
  /** Most interruptions are a restart or a change of network. */
  firstRetryMsMax: 1_000,
  /** However long the relay is away, a client looks again at least this often. */
  retryMsMax: 20_000,
  /** A slow mobile network needs seconds for TCP, TLS and the upgrade. */
  openMsMax: 15_000,
  /** A relay writes acks four times a second; twice a second is soon enough for whoever reads receipts. */
  ackIntervalMs: 500,
  /** A page of backlog is 256 messages: a few of them are on hand, and the handler never waits for the network. */
  inboxMessagesMax: 1_000,
  /** At most 8 MB of memory, and 60 of the longest messages. */
  inboxUnitsMax: 4 * 1024 * 1024,
};

export type ClientSettings = Readonly<typeof DEFAULTS>;

/** The numbers among the options, each with its default where it is left out. */
export function readSettings(options: Partial<ClientSettings>): ClientSettings {
  const settings = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof ClientSettings)[])
    settings[name] = options[name] ?? DEFAULTS[name];
  return settings;
}
