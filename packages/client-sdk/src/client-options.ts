import type { DebugListener } from './client-events.ts';
import { type Cursor, type CursorStore, isCursor } from './cursor/cursor.ts';
import { isOffset } from './json-value.ts';
import type { PayloadParser } from './message.ts';
import {
  checkOptions,
  hasMethods,
  isAmount,
  isFunction,
  isIntegerWithin,
  type OptionChecks,
  requireOption,
} from './option-checks.ts';

/** A token (JWT), or a function that returns one: called before the first connection, before expiry and after 4001. */
export type Token = string | (() => string | Promise<string>);

/** Messages to begin with: everything that is kept, or the last of each followed target (1 to 1,000). */
export type HistoryStart = 'start' | { readonly last: number };

/** As a program without types may pass them. */
type UncheckedOptions = Partial<ClientSettings> & {
  readonly clientId?: unknown;
  readonly deviceId?: unknown;
  readonly resume?: unknown;
  readonly cursorStore?: unknown;
};

/** Clients of plain strings need no `parse`; all others do. */
type ParseOption<Payload> = string extends Payload
  ? { readonly parse?: PayloadParser<Payload> }
  : { readonly parse: PayloadParser<Payload> };

interface PostlineClientBaseOptions {
  /** The relay: `ws:`, `wss:`, `http:` or `https:`; in a page it may be relative. */
  readonly url: string | URL;
  /** The id of this client; `1` and `"1"` are the same. */
  readonly clientId: string | number;
  readonly token?: Token;
  /** Follows the groups of this client too: those it is a member of, and those of its token. Default: no groups. */
  readonly groups?: boolean;
  /** Connects when it is constructed. If false, it connects when `connect()` is called. Default: true. */
  readonly autoConnect?: boolean;
  /** Prints frames, states and reasons to the console, or passes them to a function; never a token. Default: false. */
  readonly debug?: boolean | DebugListener;
  /** After a message handler throws: call it again with the message after a while (default), or close the client. */
  readonly onHandlerError?: 'retry' | 'stop';
  /** After `parse` throws: continue with the next message (default), or close the client. */
  readonly onParseError?: 'skip' | 'stop';
  /** The first reconnect happens at a random moment within this time. Default: 1,000 ms. */
  readonly firstRetryMsMax?: number;
  /** The time doubles with each failure, up to this. Default: 20,000 ms. */
  readonly retryMsMax?: number;
  /** An attempt to connect fails after this time, loading of token and cursor included. Default: 15,000 ms. */
  readonly openMsMax?: number;
  /** If false, the relay is not told what this client has handled: for one that only looks. Default: true. */
  readonly acks?: boolean;
  /** Acks are sent together, at most this often. Default: 500 ms. */
  readonly ackIntervalMs?: number;
  /** How many messages may wait for the handler. Default: 1,000. */
  readonly inboxMessagesMax?: number;
  /** How many UTF-16 units of messages may wait for the handler. Default: 4 Mi. */
  readonly inboxUnitsMax?: number;
  /** Closes the client when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * Where the cursor is kept between runs: in memory by default. `"last-ack"` keeps none, because the relay remembers
 * the last ack of this device. `deviceId` names the device; each device of a client has acks of its own.
 */
type CursorOptions =
  | {
      readonly cursorStore?: CursorStore;
      readonly deviceId?: string;
      /** Where to start if the cursor store is empty. Default: only new messages. */
      readonly resume?: Cursor | HistoryStart;
    }
  | { readonly cursorStore: 'last-ack'; readonly deviceId: string; readonly resume?: Cursor };

export type PostlineClientOptions<Payload = string> = PostlineClientBaseOptions &
  CursorOptions &
  ParseOption<Payload>;

const DEFAULTS = {
  /** Most interruptions are a restart or a change of network. */
  firstRetryMsMax: 1_000,
  /** However long the relay is away, a client tries at least this often. */
  retryMsMax: 20_000,
  /** A slow mobile network needs seconds for TCP, TLS and the upgrade. */
  openMsMax: 15_000,
  /** A relay writes acks four times a second; twice a second is soon enough for readers of receipts. */
  ackIntervalMs: 500,
  /** A page of backlog is 256 messages: with a few pages at hand the handler never waits for the network. */
  inboxMessagesMax: 1_000,
  /** At most 8 MB of memory, or 60 of the longest messages. */
  inboxUnitsMax: 4_194_304,
};

export type ClientSettings = Readonly<typeof DEFAULTS>;

/** A relay refuses a connection as anything else. A group is a target, but no client. */
const CLIENT_ID = /^(?!group:|__proto__$)[\w-][\w.~:@|+-]{0,127}$/;

// <not in the script>
const DEVICE_ID = /^[\w.-]{1,64}$/;

/** Of each target; a relay refuses more. */
const RESUME_LAST_MAX = 1_000;

const isBoolean = (value: unknown) => typeof value === 'boolean';
/** Checked for themselves, and required. */
const isAny = () => true;

const CHECKS: OptionChecks<PostlineClientOptions> = {
  url: isAny,
  clientId: isAny,
  token: (value) => typeof value === 'string' || isFunction(value),
  groups: isBoolean,
  acks: isBoolean,
  autoConnect: isBoolean,
  debug: (value) => isBoolean(value) || isFunction(value),
  parse: (value) => isFunction(value) || hasMethods(value, 'parse'),
  // Its `save` may be absent.
  cursorStore: (value) =>
    value === 'last-ack' ||
    (hasMethods(value, 'load') && isFunction((value as { readonly save?: unknown }).save ?? isFunction)),
  deviceId: (value) => typeof value === 'string' && DEVICE_ID.test(value),
  resume: (value) => isCursor(value) || isHistoryStart(value),
  onHandlerError: (value) => value === 'retry' || value === 'stop',
  onParseError: (value) => value === 'skip' || value === 'stop',
  signal: (value) => hasMethods(value, 'addEventListener', 'removeEventListener'),
  firstRetryMsMax: isAmount,
  retryMsMax: isAmount,
  openMsMax: isAmount,
  ackIntervalMs: isAmount,
  inboxMessagesMax: isAmount,
  inboxUnitsMax: isAmount,
};

function isHistoryStart(value: unknown): boolean {
  const { last } = Object(value) as { readonly last?: unknown };
  return value === 'start' || isIntegerWithin(1, last, RESUME_LAST_MAX);
}

// </not in the script>

/**
 * Throws a TypeError that names the first option with which no connection is possible; the address has a check of its
 * own. Returns the numeric options, with defaults for those that are absent.
 */
export function readSettings(options: UncheckedOptions = {}): ClientSettings {
  const { clientId } = options;
  // <not in the script>
  checkOptions(CHECKS, options);
  // </not in the script>
  const isId = typeof clientId === 'string' ? CLIENT_ID.test(clientId) : isOffset(clientId);
  requireOption(isId, 'clientId', `an integer, or ${CLIENT_ID}`);
  // <not in the script>
  if (options.cursorStore === 'last-ack') {
    requireOption(options.deviceId !== undefined, 'deviceId', 'required by "last-ack"');
    // The relay knows where the client starts.
    requireOption(options.resume === undefined || isCursor(options.resume), 'resume', 'not with "last-ack"');
  }
  // </not in the script>
  const settings = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof ClientSettings)[])
    settings[name] = options[name] ?? settings[name];
  return settings;
}
