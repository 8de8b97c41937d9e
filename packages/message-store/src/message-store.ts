import type { RowMark } from '@postline/protocol';
import type { AckStore } from './ack-store.ts';
import type { DisconnectStore } from './disconnect-store.ts';
import type { MemberStore } from './member-store.ts';
import type { HistoryDoubt, HistoryFinding } from './history.ts';
import type { StoredMessage } from './stored-message.ts';
import type { ReaderCursor, StreamStart } from './rules/stream-start.ts';

/** A message as a publisher gave it, validated. */
export interface NewMessage {
  readonly targetId: string;
  readonly message: string;
  /** Unique for the publisher for as long as the message is kept; a second append under it stores nothing. */
  readonly idempotencyKey?: string | undefined;
}

/** The messages of one publish: all of them are stored, or none. */
export interface AppendRequest {
  /** The publisher: the scope of idempotency keys. Empty in open mode. */
  readonly publisher: string;
  /** In this order; messages for one target get offsets in this order. */
  readonly messages: readonly NewMessage[];
}

export interface AppendedMessage extends StoredMessage {
  /** True if the message was already stored under its idempotency key: these are the first one's values. */
  readonly replayed: boolean;
}

/** The result of one AppendRequest. */
export type AppendOutcome =
  /** Committed. `epoch` is the one that the offsets belong to. */
  | { readonly kind: 'appended'; readonly epoch: string; readonly messages: readonly AppendedMessage[] }
  /** The key of `messages[index]` belongs to another message or target. Nothing of this request was stored. */
  | { readonly kind: 'idempotency-key-reused'; readonly index: number }
  /**
   * Another transaction held a target's counter for too long, or more waited in a target's outbox than one transaction
   * moves. Nothing of this request was stored.
   */
  | { readonly kind: 'contended' }
  /** This request alone could not be stored (its neighbours were). Nothing of it was stored. */
  | { readonly kind: 'failed'; readonly error: Error };

/** A part of one target's log. */
export interface LogQuery {
  readonly targetId: string;
  /** Only messages with a greater offset. */
  readonly afterOffset: number;
  /** At most so many rows; a row's message can take 65,535 bytes. */
  readonly limit: number;
  /**
   * At most so many bytes of messages, by what the database says before it sends them; but at least one row. Left out:
   * as many as the rows have.
   */
  readonly bytesMax?: number | undefined;
}

/** The last part of one target's log before an offset. */
export interface EarlierLogQuery extends Pick<LogQuery, 'targetId' | 'limit' | 'bytesMax'> {
  /** Only messages with a lower offset; left out: up to the head. */
  readonly beforeOffset?: number | undefined;
  /** Only messages with a greater offset; left out: from the oldest on. */
  readonly afterOffset?: number | undefined;
}

/** Where one target's log stands. Offset 0 is before the first message. */
export interface LogHead {
  readonly head: number;
  /** The last offset that came from before the current epoch; 0 in a fresh database. */
  readonly epochStart: number;
  /** The row at the head, where heads were read and it is there. */
  readonly mark?: RowMark | undefined;
}

/** A part of one target's log; epoch, head and messages are from one snapshot. */
export interface LogSlice extends LogHead {
  readonly epoch: string;
  /** Oldest first. An offset that is missing up to `head` (or, where `hasMore`, up to the last row) was deleted. */
  readonly messages: readonly StoredMessage[];
  /** True if the read ended at one of its bounds: there may be further rows. */
  readonly hasMore: boolean;
}

/** The last part of a target's log before an offset. `hasMore` is about rows before the first one. */
export interface EarlierLogSlice extends LogSlice {
  /**
   * The oldest offset that can be read, if older ones that were deleted, or are excluded by `afterOffset`, would have
   * been part of the slice.
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

/** What a store found when it looked at its database. */
export interface StoreCondition {
  /** The server behind the address; undefined for the embedded kind. */
  readonly server: StoreServer | undefined;
  /** The setting by which the server takes no writes; undefined: it takes writes. */
  readonly readOnlyBy: string | undefined;
  readonly risks: readonly StoreRisk[];
}

export interface StoreServer {
  /** Different for different servers. */
  readonly identity: string;
  /** The host and port that the server itself states: for the log. */
  readonly name: string;
  /** Its product, version and role: a phrase without names and addresses. */
  readonly text: string;
}

/** Something about the database that works, and that its operator should change. */
export interface StoreRisk {
  /** The setting's name: the same risk has the same key each time. */
  readonly key: string;
  /** The risk, its consequence and the remedy: a sentence or two without names, addresses and secrets. */
  readonly text: string;
}

/**
 * The logs of all targets, on a database: the one truth. Two kinds: `mysql` and `sqlite`, held to the same contract
 * suite. Every call ends within the store's own deadline; if the database doesn't answer it rejects with a
 * StoreUnavailableError.
 */
export interface MessageStore extends AckStore, DisconnectStore, MemberStore {
  /**
   * Appends in one transaction all requests that can be stored, each of them all or nothing; one outcome for each,
   * in order. Commit order is offset order: a reader that has seen an offset will never find a lower one new.
   */
  append(requests: readonly AppendRequest[]): Promise<readonly AppendOutcome[]>;

  /** Reads a target's log after an offset. */
  readLog(query: LogQuery): Promise<LogSlice>;

  /** Reads the last messages of a target's log before an offset: of those the newest that fit the bounds, oldest first. */
  readEarlierLog(query: EarlierLogQuery): Promise<EarlierLogSlice>;

  /** Reads the heads of up to HEADS_PER_READ_MAX targets, as committed at some moment after the call. */
  readHeads(targetIds: readonly string[]): Promise<LogHeads>;

  /** Reads which rows stand at up to ROWS_PER_READ_MAX places, in their order; undefined if none does. */
  readMarks(places: readonly LogPlace[]): Promise<readonly (RowMark | undefined)[]>;

  /**
   * Decides for up to CURSORS_PER_READ_MAX readers, in their order, where their streams go on. Asked where an ordinary
   * read said that a cursor is not valid, which may have come from a server that was left behind: so this one goes by
   * a connection that is at most a second old.
   */
  readStreamStarts(cursors: readonly ReaderCursor[]): Promise<readonly StreamStart[]>;

  /**
   * Asks the server that takes the writes, on a connection that was made just now, whether the logs are still those
   * that a relay knows. Where they are not, although the epoch is, it begins a new one. Connections for reading are
   * made anew.
   */
  settleHistory(doubt: HistoryDoubt): Promise<HistoryFinding>;

  /**
   * Resolves if the database answers, keeps the guarantees and has the schema this program needs, with what its operator
   * should know about it. A server that does not keep the guarantees is used for no other call until a check resolves.
   */
  checkReady(): Promise<StoreCondition>;

  /**
   * Resolves if an append would work now: tries what it does, and takes it back. Leaves no row, delays no append, and
   * costs a write; callers ask once a second at most.
   */
  checkWritable(): Promise<void>;

  /**
   * Replaces every connection by a new one as soon as it is not in use: where the database's address leads now may be
   * another server. Nothing in the embedded kind.
   */
  renewConnections(): void;

  /** Ends the connections; calls in flight finish first, within the store's deadline. */
  close(): Promise<void>;
}

/** A position in one target's log. */
export interface LogPlace {
  readonly targetId: string;
  readonly offset: number;
  /** The row that was seen there, where one was: where it still stands there, it is found sooner. */
  readonly mark?: RowMark | undefined;
}

/** Places in one readMarks: each is a look-up in an index. */
export const ROWS_PER_READ_MAX = 1_024;

/** Targets in one readHeads: a statement of this many keys is parsed in a few milliseconds. */
export const HEADS_PER_READ_MAX = 1_000;

/**
 * The database could not be reached, did not answer in time, or refused the session. An append that fails so may
 * have been stored nevertheless; only a retry with its idempotency key can find out.
 */
export class StoreUnavailableError extends Error {
  readonly code = 'store_unavailable';

  constructor(what: string, cause: unknown) {
    super(what, { cause });
    this.name = 'StoreUnavailableError';
  }
}
