/** What the load generator is asked to do and what it answers: everything that crosses to its process and back. */

/** `closed-loop`: each publisher sends its next message when the last was answered. */
export type Pace =
  | { readonly kind: 'closed-loop'; readonly publishers: number }
  /** So many in a second, whatever the answers do; spread over this many connections. */
  | { readonly kind: 'open-loop'; readonly messagesPerSecond: number; readonly connections: number };

/** Publishes to many recipients, each with one connection, and checks every delivery. */
export interface PublishJob {
  readonly kind: 'publish';
  readonly publishUrl: string;
  readonly relayUrl: string;
  readonly recipients: number;
  readonly messageBytes: number;
  readonly pace: Pace;
  readonly warmUpSeconds: number;
  readonly measureSeconds: number;
  /** Unlike that of any earlier run on the same database; four characters. */
  readonly label: string;
}

export interface PublishResult {
  /** Empty where everything was as promised; else the run is worth nothing. */
  readonly faults: readonly string[];
  readonly windowMs: number;
  /** Within the window. */
  readonly accepted: number;
  readonly delivered: number;
  /** From sending to arrival. */
  readonly arrivalMs: { readonly p50: number; readonly p99: number };
  /** From sending to the answer. */
  readonly answerMs: { readonly p50: number; readonly p99: number };
  /** Answered `stored` in the whole run: the bus was not told in time. */
  readonly storedOnly: number;
  /** By how much the generator itself sent later than its clock said; 0 in a closed loop. */
  readonly lateP99Ms: number;
}

/** Fills a target's log and lets one client that has nothing of it catch up. */
export interface CatchUpJob {
  readonly kind: 'catch-up';
  readonly batchUrl: string;
  readonly relayUrl: string;
  readonly targetId: string;
  /** The log is filled up to this length first. */
  readonly messages: number;
  readonly messageBytes: number;
  /** So many of the last ones are read once beforehand, by another client. */
  readonly warmUpMessages: number;
}

export interface CatchUpResult {
  readonly faults: readonly string[];
  readonly messages: number;
  /** From sending `identify` to the arrival of the last message. */
  readonly milliseconds: number;
}

export type LoadJob = PublishJob | CatchUpJob;
export type ResultOf<Job extends LoadJob> = Job extends PublishJob ? PublishResult : CatchUpResult;

/** What the generator tells while it works. */
export type LoadReport =
  | { readonly kind: 'measuring' }
  | { readonly kind: 'measured' }
  | { readonly kind: 'result'; readonly result: PublishResult | CatchUpResult }
  | { readonly kind: 'failed'; readonly error: string };

/** How a job tells that its measured time begins or is over; resolves when whoever measures has taken note. */
export interface MeasureSignals {
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}
