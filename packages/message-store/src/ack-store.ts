/** The owner of an ack. All connections of a client that name the same device, or none, are one reader. */
export interface AckPlace {
  readonly clientId: string;
  /** Undefined if the connection named no device. */
  readonly deviceId: string | undefined;
  readonly targetId: string;
}

/** A reader's word that it has processed everything up to `offset`. */
export interface Ack extends AckPlace {
  readonly epoch: string;
  readonly offset: number;
}

/** A device that resumes from its last ack. */
export interface DeviceOpening {
  readonly clientId: string;
  readonly deviceId: string;
  /** The logs that it follows from a baseline, where it never acked. */
  readonly targetIds: readonly string[];
  /** Further logs, whose start without an ack does not come from here: they get no baseline. */
  readonly targetIdsWithoutBaseline?: readonly string[];
}

/** A place in a log, and the lifetime of the log that it belongs to. */
export interface LogPosition {
  readonly epoch: string;
  readonly offset: number;
}

/** The last ack that was stored. */
export interface StoredReceipt extends LogPosition {
  readonly clientId: string;
  /** Undefined for connections that named no device. */
  readonly deviceId: string | undefined;
  /** When it was stored, by the database's clock: ISO 8601 with milliseconds, UTC. */
  readonly ackedAt: string;
}

/** How far readers have processed a target's log. */
export interface TargetReceipts {
  readonly epoch: string;
  readonly head: number;
  /** By client and device. A device that never acked has none. */
  readonly receipts: readonly StoredReceipt[];
}

export interface ReceiptQuery {
  readonly targetId: string;
  /** At most so many receipts. */
  readonly limit: number;
}

/** The progress of readers. Calls end and reject as those of the MessageStore do. */
export interface AckStore {
  /**
   * Stores up to ACKS_PER_SAVE_MAX acks. An ack moves its place forward or replaces one of another epoch; one that is
   * not of the current epoch is not stored, as it was earned in a history that is no more. So acks can be given twice
   * and in any order.
   */
  saveAcks(acks: readonly Ack[]): Promise<void>;

  /**
   * Where up to DEVICES_PER_OPEN_MAX devices stopped, by target, in order. Where a device has nothing stored for one of
   * `targetIds`, the target's head as committed now is stored as its baseline, and is the answer until it acks.
   */
  openDevices(openings: readonly DeviceOpening[]): Promise<readonly ReadonlyMap<string, LogPosition>[]>;

  /** Reads the last acks that were given for a target. */
  readReceipts(query: ReceiptQuery): Promise<TargetReceipts>;
}

/** One statement, of a few milliseconds. */
export const ACKS_PER_SAVE_MAX = 512;

/** The same; each has at most 100 devices' acks to look through. */
export const DEVICES_PER_OPEN_MAX = 256;
