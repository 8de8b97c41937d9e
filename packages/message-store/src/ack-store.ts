/**
 * Identifies whose ack it is, and of which log. All connections of a client that name the same device, or no device,
 * count as one reader.
 */
export interface AckPlace {
  readonly clientId: string;
  /** Undefined if the connection named no device. */
  readonly deviceId: string | undefined;
  readonly targetId: string;
}

/** States that a reader has processed everything up to `offset`. */
export interface Ack extends AckPlace {
  readonly epoch: string;
  readonly offset: number;
}

/** A device that resumes from its last ack. */
export interface DeviceOpening {
  readonly clientId: string;
  readonly deviceId: string;
  /** Logs for which the device gets a baseline if it has no ack yet. */
  readonly targetIds: readonly string[];
  /** Further logs to look up. They get no baseline: without an ack, another rule decides where their stream starts. */
  readonly targetIdsWithoutBaseline?: readonly string[];
}

/** A place in a log, and the epoch that it belongs to. */
export interface LogPosition {
  readonly epoch: string;
  readonly offset: number;
}

/** The last stored ack of one reader. */
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
  /** The largest number of receipts to return. */
  readonly limit: number;
}

/** Stores the progress of readers. Calls end and reject as described at MessageStore. */
export interface AckStore {
  /**
   * Stores up to ACKS_PER_SAVE_MAX acks. An ack moves the stored position forward, or replaces a position of another
   * epoch. An ack of an epoch other than the current one is ignored, because it belongs to a history that no longer
   * exists. So acks can be sent twice and in any order.
   */
  saveAcks(acks: readonly Ack[]): Promise<void>;

  /**
   * Reads where up to DEVICES_PER_OPEN_MAX devices stopped: one map by target for each opening, in order. If a device
   * has nothing stored for one of `targetIds`, the target's committed head is stored as its baseline and is returned
   * until the device acks.
   */
  openDevices(openings: readonly DeviceOpening[]): Promise<readonly ReadonlyMap<string, LogPosition>[]>;

  /** Reads the last acks of a target. */
  readReceipts(query: ReceiptQuery): Promise<TargetReceipts>;
}

/** The acks of one call: one statement, which takes a few milliseconds. */
export const ACKS_PER_SAVE_MAX = 512;

/** The devices of one call. Each has acks for at most 100 logs to look up. */
export const DEVICES_PER_OPEN_MAX = 256;
