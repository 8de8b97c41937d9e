/** What the load generator is asked to do and what it answers: everything that crosses to its process and back. */

/** `closed-loop`: each publisher sends its next message when the last was answered. */
export type Pace =
  | { readonly kind: 'closed-loop'; readonly publishers: number }
  /** So many in a second, whatever the answers do; spread over this many connections. */
  | { readonly kind: 'open-loop'; readonly messagesPerSecond: number; readonly connections: number };

/** What the load generator has to know of a system to talk to it. */
export interface SystemUnderLoad {
  readonly apiUrl: string;
  readonly relayUrl: string;
  /** How its sockets speak. */
  readonly protocol: 'postline' | 'socket.io';
  /** Its messages have offsets, which are checked. */
  readonly hasOffsets: boolean;
}

/** Publishes to many recipients, each with one connection, and checks every delivery. */
export interface PublishJob {
  readonly kind: 'publish';
  readonly system: SystemUnderLoad;
  /** Messages in one request; more than 1 go to `/messages/batch`. */
  readonly messagesPerRequest: number;
  readonly recipients: number;
  readonly messageBytes: number;
  readonly pace: Pace;
  /** Where hints can be listened to, to tell the time before one from the time after it; left out where nobody asks. */
  readonly hintsUrl?: string;
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
  /** From sending to the hint, and from the hint to the arrival, where hints were listened to. */
  readonly stations?: {
    readonly sendToHintMs: { readonly p50: number; readonly p99: number };
    readonly hintToArrivalMs: { readonly p50: number; readonly p99: number };
  };
  /** Answered `stored` in the whole run: the bus was not told in time. */
  readonly storedOnly: number;
  /** By how much the generator itself sent later than its clock said; 0 in a closed loop. */
  readonly lateP99Ms: number;
}

/** Fills a target's log and lets one client that has nothing of it catch up. */
export interface CatchUpJob {
  readonly kind: 'catch-up';
  readonly system: SystemUnderLoad;
  readonly targetId: string;
  /** The log is filled up to this length first. */
  readonly messages: number;
  readonly messageBytes: number;
  /** So many of the last ones are read once beforehand, by another client. */
  readonly warmUpMessages: number;
}

/** Publishes to one target that many connections follow, and checks every delivery. */
export interface FanOutJob {
  readonly kind: 'fan-out';
  readonly system: SystemUnderLoad;
  readonly targetId: string;
  readonly connections: number;
  /** The target is a group: each connection has a client id of its own, and is a member. Left out: all have one id. */
  readonly areMembers?: boolean;
  readonly messageBytes: number;
  /** The next message is sent when no more than so many have not arrived everywhere. */
  readonly messagesUnderWay: number;
  readonly warmUpSeconds: number;
  readonly measureSeconds: number;
}

export interface FanOutResult {
  readonly faults: readonly string[];
  readonly windowMs: number;
  /** Messages that arrived on every connection within the window, times the connections. */
  readonly deliveries: number;
  /** From sending a message to its arrival on the last connection. */
  readonly lastArrivalMs: { readonly p50: number; readonly p99: number };
}

/** Opens connections, each with an id of its own, and leaves them alone. */
export interface IdleJob {
  readonly kind: 'idle';
  readonly system: SystemUnderLoad;
  readonly connections: number;
  /** Opened and closed beforehand, so that what a first connection costs is not counted. */
  readonly warmUpConnections: number;
  readonly idleSeconds: number;
}

export interface IdleResult {
  readonly faults: readonly string[];
  readonly openingMs: number;
}

/** Many readers that are all behind come at once. */
export interface StormJob {
  readonly kind: 'storm';
  readonly system: SystemUnderLoad;
  readonly readers: number;
  /** How many messages each of them has missed. */
  readonly missed: number;
  readonly messageBytes: number;
}

export interface StormResult {
  readonly faults: readonly string[];
  /** From the first connection's start until every reader has everything. */
  readonly milliseconds: number;
  /** By how long one reader took from connecting to its last message. */
  readonly readerMs: { readonly p50: number; readonly p99: number };
}

/** Clients that are in many groups each connect at once. */
export interface GroupIdentifyJob {
  readonly kind: 'group-identify';
  readonly system: SystemUnderLoad;
  readonly clients: number;
  readonly groups: number;
  readonly groupsPerClient: number;
}

export interface GroupIdentifyResult {
  readonly faults: readonly string[];
  /** From the first connection's start until all have identified. */
  readonly milliseconds: number;
  /** From connecting to `identified`. */
  readonly clientMs: { readonly p50: number; readonly p99: number };
  /** The same for a client that connects alone, afterwards. */
  readonly aloneMs: { readonly p50: number; readonly p99: number };
}

/** Many clients join one group by requests of 1,000; some of them are connected. */
export interface GroupJoinJob {
  readonly kind: 'group-join';
  readonly system: SystemUnderLoad;
  /** Nobody is a member of it before. */
  readonly groupId: string;
  readonly joining: number;
  readonly connected: number;
}

export interface GroupJoinResult {
  readonly faults: readonly string[];
  /** From the first request to the last answer. */
  readonly joinMs: number;
  /** From the last answer until the last connected client had its `followed`. */
  readonly lastFollowedMs: number;
}

/** Clients that get a message now and then, and ask for it or are told. */
export interface PollingJob {
  readonly kind: 'polling';
  readonly system: SystemUnderLoad;
  readonly clients: number;
  readonly messagesPerClientPerMinute: number;
  readonly messageBytes: number;
  /** Seconds between two requests of one client; 0 for a socket in place of polling. */
  readonly pollSeconds: number;
  readonly warmUpSeconds: number;
  readonly measureSeconds: number;
  /** Begins the clients' ids, so that each run has logs of its own. */
  readonly label: string;
}

export interface PollingResult {
  readonly faults: readonly string[];
  readonly windowMs: number;
  readonly messages: number;
  /** By clients that receive, those of the publishers not counted. */
  readonly requests: number;
  /** Those of them that were answered 503. */
  readonly refused: number;
  /** Between the clients and the services, both ways, publishers not counted. */
  readonly bytes: number;
  readonly delayMs: { readonly p50: number; readonly p99: number };
}

export interface CatchUpResult {
  readonly faults: readonly string[];
  readonly messages: number;
  /** From sending `identify` to the arrival of the last message. */
  readonly milliseconds: number;
}

export type LoadJob =
  | PublishJob
  | CatchUpJob
  | FanOutJob
  | GroupIdentifyJob
  | GroupJoinJob
  | IdleJob
  | StormJob
  | PollingJob;

interface Results {
  readonly publish: PublishResult;
  readonly 'catch-up': CatchUpResult;
  readonly 'fan-out': FanOutResult;
  readonly 'group-identify': GroupIdentifyResult;
  readonly 'group-join': GroupJoinResult;
  readonly idle: IdleResult;
  readonly storm: StormResult;
  readonly polling: PollingResult;
}
export type ResultOf<Job extends LoadJob> = Results[Job['kind']];

/** What the generator tells while it works. */
export type LoadReport =
  | { readonly kind: 'measuring' }
  | { readonly kind: 'measured' }
  | { readonly kind: 'result'; readonly result: ResultOf<LoadJob> }
  | { readonly kind: 'failed'; readonly error: string };

/** How a job tells that its measured time begins or is over; resolves when whoever measures has taken note. */
export interface MeasureSignals {
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}
