/**
 * What the operations page of a relay reads from it. The page comes from the same relay, so nothing is parsed: the types
 * are the whole of it. Times are in ms since 1970, by the clock of the relay unless another one is named.
 */

/** Answer of `GET /ops/state.json?window=SECONDS`. */
export interface OperationsState {
  readonly version: string;
  readonly nowMs: number;
  /** When the process started; of several, the first. */
  readonly startedAtMs: number;
  readonly processes: {
    /** Processes that share the port. */
    readonly expected: number;
    /** Those whose figures are in this answer. */
    readonly answered: number;
  };
  readonly status: 'ready' | 'degraded' | 'not_ready';
  readonly parts: Readonly<Record<OperationsPart, PartCondition>>;
  readonly warnings: readonly string[];
  readonly now: RelayGauges;
  /** Since the start. */
  readonly totals: RelayTotals;
  readonly timeline: Timeline;
  /** In the window of the timeline. */
  readonly delays: DelayCounts;
  /** Newest first. */
  readonly outages: readonly PartOutage[];
  /** Newest first. */
  readonly gaps: readonly RepairedGap[];
}

export type OperationsPart = 'database' | 'bus';

export interface PartCondition {
  readonly status: 'up' | 'down';
  readonly sinceMs: number;
  readonly reason?: string;
}

export interface RelayGauges {
  readonly connections: number;
  readonly connectionsMax: number;
  readonly connectionsAwaitingIdentify: number;
  /** Connections whose socket is full. */
  readonly connectionsStalled: number;
  /** Clients with a connection. */
  readonly clients: number;
  /** Targets that connections follow, groups included. */
  readonly targets: number;
  readonly groups: number;
  readonly acksWaiting: number;
  readonly socketQueuesBytes: number;
}

export interface RelayTotals {
  readonly connectionsOpened: number;
  readonly messagesSent: number;
  readonly hintsReceived: number;
  readonly hintsLost: number;
  readonly gapsRepaired: number;
  readonly comparisons: number;
  readonly comparisonsFailed: number;
}

/** Columns of equal length; each entry is about `stepMs`. */
export interface Timeline {
  /** Where the first entry begins. */
  readonly fromMs: number;
  readonly stepMs: number;
  /** At the end of the step; null where nothing was measured. */
  readonly connections: readonly (number | null)[];
  /** In the step. */
  readonly messagesSent: readonly number[];
  readonly gapsRepaired: readonly number[];
  readonly comparisons: readonly number[];
  readonly comparisonsFailed: readonly number[];
  /** Of the messages that were sent in the step, in ms; null where there were none. */
  readonly delayMedianMs: readonly (number | null)[];
  readonly delayP99Ms: readonly (number | null)[];
}

/** Numbers of messages by their delay from being stored, by the database's clock, to being written to a socket. */
export interface DelayCounts {
  /** Upper bounds of the buckets in ms; the counts have one more, of larger delays. */
  readonly boundsMs: readonly number[];
  readonly fromHints: readonly number[];
  /** Read from the database, because there was no hint or the client was behind. */
  readonly fromLog: readonly number[];
}

export interface PartOutage {
  readonly part: OperationsPart;
  readonly beganMs: number;
  /** Null while it lasts. */
  readonly endedMs: number | null;
  readonly reason: string;
}

/** Messages that the database had and no hint announced. */
export interface RepairedGap {
  readonly atMs: number;
  readonly targetId: string;
  readonly from: number;
  readonly to: number;
}

/** Answer of `GET /ops/message.json?targetId=…&offset=…`: the way of one message through this relay. */
export interface MessageWay {
  readonly targetId: string;
  readonly offset: number;
  readonly epoch: string;
  readonly head: number;
  readonly stored:
    | { readonly state: 'stored'; readonly id: string; readonly createdAt: string; readonly bytes: number }
    /** Retention deleted it, or it is a hole. */
    | { readonly state: 'deleted' }
    | { readonly state: 'not-yet' };
  /** When its hint arrived, once for each time and process. */
  readonly hints: readonly number[];
  readonly sends: {
    readonly count: number;
    /** The first ones. */
    readonly shown: readonly MessageSend[];
  };
  /** Connections here that follow the target now, and those of them that were sent the message or are beyond it. */
  readonly followers: { readonly count: number; readonly reached: number };
  /** Devices whose ack is at or beyond the offset. */
  readonly acks: { readonly count: number; readonly shown: readonly MessageAck[] };
  /** Devices whose last ack is before it. */
  readonly behind: { readonly count: number; readonly shown: readonly MessageAck[] };
  /** Hints and sends before this time are forgotten; null if none is. */
  readonly rememberedFromMs: number | null;
  readonly nowMs: number;
}

export interface MessageSend {
  readonly connectionId: string;
  readonly clientId: string;
  readonly atMs: number;
  /** `hint`: at once; `log`: read from the database. */
  readonly by: 'hint' | 'log';
}

export interface MessageAck {
  readonly clientId: string;
  /** Null for connections that named no device. */
  readonly deviceId: string | null;
  /** Everything up to this offset was processed. */
  readonly offset: number;
  /** When the database stored that, in ISO 8601 by its clock. */
  readonly storedAt: string;
  /** When this relay received the ack of the message; null if it did not, or has forgotten. */
  readonly receivedMs: number | null;
}
