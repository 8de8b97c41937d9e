import type { RowMark } from '@postline/protocol';
import type { AckStore } from './ack-store.ts';
import type { DisconnectStore } from './disconnect-store.ts';
import type { MemberStore } from './member-store.ts';
import type { HistoryDoubt, HistoryFinding } from './history.ts';
import type { StoredMessage } from './stored-message.ts';
import type { ReaderCursor, StreamStart } from './rules/stream-start.ts';

/** A validated message from a publisher. */
export interface NewMessage {
  readonly targetId: string;
  readonly message: string;
  /** Unique for the publisher while the message is kept. A second append under the same key stores nothing. */
  readonly idempotencyKey?: string | undefined;
}

/** The messages of one publish: all of them are stored, or none. */
export interface AppendRequest {
  /** The publisher: the scope of idempotency keys. Empty in open mode. */
  readonly publisher: string;
  /** Messages for one target get offsets in this order. */
  readonly messages: readonly NewMessage[];
}

export interface AppendedMessage extends StoredMessage {
  /**
   * True if a message was already stored under this idempotency key. The values are then those of the stored message.
   */
  readonly replayed: boolean;
}

/** The result of one AppendRequest. */
export type AppendOutcome =
  /** Committed. The offsets belong to `epoch`. */
  | { readonly kind: 'appended'; readonly epoch: string; readonly messages: readonly AppendedMessage[] }
  /**
   * The idempotency key of `messages[index]` belongs to another message or target. Nothing of this request was stored.
   */
  | { readonly kind: 'idempotency-key-reused'; readonly index: number }
  /**
   * Nothing of this request was stored: another transaction held a target's counter for too long, or a target's outbox
   * held more rows than one transaction moves.
   */
  | { readonly kind: 'contended' }
  /** The database refused this request, and none of it was stored. The other requests of the call were stored. */
  | { readonly kind: 'failed'; readonly error: Error };

/** A part of one target's log. */
export interface LogQuery {
  readonly targetId: string;
  /** Only messages with a greater offset. */
  readonly afterOffset: number;
  /** The largest number of rows. A row's message can take 65,535 bytes. */
  readonly limit: number;
  /**
   * The largest number of message bytes; the database measures them before it sends them. At least one row is returned.
   * No bound if omitted.
   */
  readonly bytesMax?: number | undefined;
}

/** The last part of one target's log before an offset. */
export interface EarlierLogQuery extends Pick<LogQuery, 'targetId' | 'limit' | 'bytesMax'> {
  /** Only messages with a lower offset. If omitted: up to the head. */
  readonly beforeOffset?: number | undefined;
  /** Only messages with a greater offset. If omitted: from the oldest message. */
  readonly afterOffset?: number | undefined;
}

/** The end of one target's log. Offset 0 is before the first message. */
export interface LogHead {
  readonly head: number;
  /** The last offset from before the current epoch; 0 in a fresh database. */
  readonly epochStart: number;
  /** The row at the head, if heads were read and the row exists. */
  readonly mark?: RowMark | undefined;
}

/** A part of one target's log; epoch, head and messages are from one snapshot. */
export interface LogSlice extends LogHead {
  readonly epoch: string;
  /**
   * Oldest first. An offset that is missing up to `head` was deleted; with `hasMore`, this is only known up to the last
   * row.
   */
  readonly messages: readonly StoredMessage[];
  /** True if the read stopped at one of its bounds, so there may be more rows. */
  readonly hasMore: boolean;
}

/** The last part of a target's log before an offset. `hasMore` refers to rows before the first one. */
export interface EarlierLogSlice extends LogSlice {
  /**
   * The oldest offset that can be read. Set only if older messages would have been part of the slice, but were deleted
   * or are excluded by `afterOffset`.
   */
  readonly truncatedBefore: number | undefined;
}

/** Heads of many targets. */
export interface LogHeads {
  readonly epoch: string;
  /** The database's clock, in ms since 1970. */
  readonly databaseTimeMs: number;
  /** An entry for each requested target; the head is 0 if it has no messages. */
  readonly heads: ReadonlyMap<string, LogHead>;
}

/** The result of a check of the database. */
export interface StoreCondition {
  /** The server behind the address; undefined for SQLite. */
  readonly server: StoreServer | undefined;
  /** The setting that makes the server read-only; undefined if it takes writes. */
  readonly readOnlyBy: string | undefined;
  readonly risks: readonly StoreRisk[];
}

export interface StoreServer {
  /** Different for each server. */
  readonly identity: string;
  /** The host and port that the server itself reports, for the log. */
  readonly name: string;
  /** Its product, version and role, without names and addresses. */
  readonly text: string;
}

/** A problem of a database that works, which its operator should fix. */
export interface StoreRisk {
  /** The setting's name. The same risk always has the same key. */
  readonly key: string;
  /** The risk, its consequence and the remedy, in a sentence or two without names, addresses and secrets. */
  readonly text: string;
}

/**
 * The logs of all targets, in a database: the one truth. There are two kinds, `mysql` and `sqlite`, which pass the same
 * contract suite. Every call ends within the store's own deadline, and rejects with a StoreUnavailableError if the
 * database doesn't answer.
 */
export interface MessageStore extends AckStore, DisconnectStore, MemberStore {
  /**
   * Appends all requests that can be stored in one transaction, each of them completely or not at all. Returns one
   * outcome for each, in order. Commit order is offset order: once a reader has seen an offset, no lower offset appears
   * later.
   */
  append(requests: readonly AppendRequest[]): Promise<readonly AppendOutcome[]>;

  /** Reads a target's log after an offset. */
  readLog(query: LogQuery): Promise<LogSlice>;

  /** Reads the last messages of a target's log before an offset: the newest ones that fit the bounds, oldest first. */
  readEarlierLog(query: EarlierLogQuery): Promise<EarlierLogSlice>;

  /** Reads the heads of up to HEADS_PER_READ_MAX targets, as committed at some moment after the call. */
  readHeads(targetIds: readonly string[]): Promise<LogHeads>;

  /** Reads the rows at up to ROWS_PER_READ_MAX places, in their order; undefined if there is no row. */
  readMarks(places: readonly LogPlace[]): Promise<readonly (RowMark | undefined)[]>;

  /**
   * Decides for up to CURSORS_PER_READ_MAX readers, in order, where their streams continue. Used after an ordinary read
   * found a cursor invalid. That read may have come from a server that was replaced in a failover, so this one uses a
   * connection that is at most a second old.
   */
  readStreamStarts(cursors: readonly ReaderCursor[]): Promise<readonly StreamStart[]>;

  /**
   * Asks the server that takes the writes, on a new connection, whether the logs are still those that a relay knows. If
   * they are not, but the epoch is the same, it begins a new epoch. The read connections are replaced.
   */
  settleHistory(doubt: HistoryDoubt): Promise<HistoryFinding>;

  /**
   * Resolves if the database answers, keeps the guarantees and has the schema that this program needs. The result
   * includes what the operator should know. If a server does not keep the guarantees, all other calls are refused until
   * a check resolves.
   */
  checkReady(): Promise<StoreCondition>;

  /**
   * Resolves if an append would work now: it runs the same statements and rolls them back. It leaves no row and delays
   * no append, but costs a write, so callers use it at most once a second.
   */
  checkWritable(): Promise<void>;

  /**
   * Replaces each connection as soon as it is not in use, because the database's address may now lead to another
   * server. Does nothing in SQLite.
   */
  renewConnections(): void;

  /** Ends the connections, after the calls in flight have finished within the store's deadline. */
  close(): Promise<void>;
}

/** A position in one target's log. */
export interface LogPlace {
  readonly targetId: string;
  readonly offset: number;
  /** The row that was seen there, if there was one. If it is still there, it is found faster. */
  readonly mark?: RowMark | undefined;
}

/** Places in one readMarks. Each takes an index look-up. */
export const ROWS_PER_READ_MAX = 1_024;

/** Targets in one readHeads. A statement with this many keys is parsed in a few milliseconds. */
export const HEADS_PER_READ_MAX = 1_000;

/**
 * The database could not be reached, did not answer in time, or refused the session. An append that fails like this may
 * still have been stored; only a retry with its idempotency key can find out.
 */
export class StoreUnavailableError extends Error {
  readonly code = 'store_unavailable';

  constructor(what: string, cause: unknown) {
    super(what, { cause });
    this.name = 'StoreUnavailableError';
  }
}
