/** Jobs and results of the load generator: everything that crosses between the two processes. */

/** `closed-loop`: each publisher sends its next message when the last was answered. */
export type Pace =
  | { readonly kind: 'closed-loop'; readonly publishers: number }
  /** A fixed rate, independent of the answers, over this many connections. */
  | { readonly kind: 'open-loop'; readonly messagesPerSecond: number; readonly connections: number };

/** What the load generator needs to connect to a system. */
export interface SystemUnderLoad {
  readonly apiUrl: string;
  readonly relayUrl: string;
  /** The protocol of its sockets. */
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
  /**
   * The Redis to listen to for hints once the measured time is over, to separate the time before a hint from the time
   * after it. Optional.
   */
  readonly hintsUrl?: string;
  readonly warmUpSeconds: number;
  readonly measureSeconds: number;
  /** Four characters, unique among all runs on the same database. */
  readonly label: string;
}

export interface PublishResult {
  /** Empty if every promise was kept; else the run is invalid. */
  readonly faults: readonly string[];
  readonly windowMs: number;
  /** Within the window. */
  readonly accepted: number;
  readonly delivered: number;
  /** From sending to arrival. */
  readonly arrivalMs: { readonly p50: number; readonly p99: number };
  /** From sending to the answer. */
  readonly answerMs: { readonly p50: number; readonly p99: number };
  /** From sending to the hint, and from the hint to the arrival, after the window, where hints were listened to. */
  readonly stations?: {
    readonly sendToHintMs: { readonly p50: number; readonly p99: number };
    readonly hintToArrivalMs: { readonly p50: number; readonly p99: number };
  };
  /** Messages answered `stored` in the whole run: their hint was not published in time. */
  readonly storedOnly: number;
  /** How much later than planned the generator sent; 0 in a closed loop. */
  readonly lateP99Ms: number;
}

/** Fills a target's log, and lets one client without any of it catch up. */
export interface CatchUpJob {
  readonly kind: 'catch-up';
  readonly system: SystemUnderLoad;
  readonly targetId: string;
  /** The log is filled up to this length first. */
  readonly messages: number;
  readonly messageBytes: number;
  /** Another client reads this many of the last messages first. */
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
  /** Messages that may be on their way at once. */
  readonly messagesUnderWay: number;
  readonly warmUpSeconds: number;
  readonly measureSeconds: number;
}

export interface FanOutResult {
  readonly faults: readonly string[];
  readonly windowMs: number;
  /** Messages that arrived on every connection within the window, times the number of connections. */
  readonly deliveries: number;
  /** From sending a message to its arrival on the last connection. */
  readonly lastArrivalMs: { readonly p50: number; readonly p99: number };
}

/** Opens connections, each with its own id, and leaves them idle. */
export interface IdleJob {
  readonly kind: 'idle';
  readonly system: SystemUnderLoad;
  readonly connections: number;
  /** Opened and closed first, so that the cost of first connections is not counted. */
  readonly warmUpConnections: number;
  readonly idleSeconds: number;
}

export interface IdleResult {
  readonly faults: readonly string[];
  readonly openingMs: number;
}

/** Many readers that missed messages connect at once. */
export interface StormJob {
  readonly kind: 'storm';
  readonly system: SystemUnderLoad;
  readonly readers: number;
  /** Begins the ids of the readers: `client` for those of `publish`. */
  readonly idPrefix: string;
  /** Messages that each of them missed; 0: a reader is done when it has identified. */
  readonly missed: number;
  readonly messageBytes: number;
}

export interface StormResult {
  readonly faults: readonly string[];
  /** From the first connection's start until every reader has everything. */
  readonly milliseconds: number;
  /** From connecting to the last message of a reader. */
  readonly readerMs: { readonly p50: number; readonly p99: number };
}

/** Readers that missed messages catch up one after the other: alone, and beside a greedy client. */
export interface NeighbourJob {
  readonly kind: 'neighbour';
  readonly system: SystemUnderLoad;
  /** Of each half. */
  readonly readers: number;
  /** Messages that each of them missed. */
  readonly missed: number;
  readonly messageBytes: number;
  /** The length of the greedy client's log. */
  readonly greedyMessages: number;
  readonly greedyConnectionsPerSecond: number;
  /** Begins the readers' ids, so that each run has its own logs. */
  readonly label: string;
}

export interface NeighbourResult {
  readonly faults: readonly string[];
  readonly greedyConnections: number;
  /** From connecting to the last message of a reader. */
  readonly aloneMs: { readonly p50: number; readonly p99: number };
  readonly besideMs: { readonly p50: number; readonly p99: number };
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

/** Clients that get a message now and then, by polling or on a socket. */
export interface PollingJob {
  readonly kind: 'polling';
  readonly system: SystemUnderLoad;
  readonly clients: number;
  readonly messagesPerClientPerMinute: number;
  readonly messageBytes: number;
  /** Seconds between two requests of one client; 0: a socket instead of polling. */
  readonly pollSeconds: number;
  readonly warmUpSeconds: number;
  readonly measureSeconds: number;
  /** Begins the clients' ids, so that each run has its own logs. */
  readonly label: string;
}

export interface PollingResult {
  readonly faults: readonly string[];
  readonly windowMs: number;
  readonly messages: number;
  /** Requests of receiving clients, without those of publishers. */
  readonly requests: number;
  /** Requests that were answered 503. */
  readonly refused: number;
  /** Between clients and services in both directions, without those of publishers. */
  readonly bytes: number;
  readonly delayMs: { readonly p50: number; readonly p99: number };
}

/** Clients that stay connected, with messages to them and to groups at an even pace. */
export interface SteadyJob {
  readonly kind: 'steady';
  readonly system: SystemUnderLoad;
  readonly clients: number;
  /** All connections are of one client. */
  readonly sharesOneId?: boolean;
  /** Each client is a member of one of these. */
  readonly groups: number;
  readonly messagesPerSecond: number;
  readonly groupMessagesPerSecond: number;
  readonly messageBytes: number;
  /** Clients acknowledge what they receive, every 500 ms, as the client library does. */
  readonly acks: boolean;
  /** `opening`: until all clients have identified; `running`: while messages are sent. */
  readonly measures: 'opening' | 'running';
  readonly warmUpSeconds: number;
  readonly measureSeconds: number;
  /** Begins the ids of clients and groups. */
  readonly label: string;
}

/** Counts of the measured time, which are 0 for `opening`. */
export interface SteadyResult {
  readonly faults: readonly string[];
  readonly openingMs: number;
  readonly windowMs: number;
  readonly messages: number;
  readonly deliveries: number;
  /** Frames of clients. */
  readonly acks: number;
}

/** Hints on Redis alone, without an API or a relay. */
export interface HintsJob {
  readonly kind: 'hints';
  readonly redisUrl: string;
  readonly subscribers: number;
  readonly warmUpSeconds: number;
  readonly measureSeconds: number;
}

export interface HintsResult {
  readonly faults: readonly string[];
  readonly hints: number;
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
  | NeighbourJob
  | StormJob
  | PollingJob
  | SteadyJob
  | HintsJob;

interface Results {
  readonly publish: PublishResult;
  readonly 'catch-up': CatchUpResult;
  readonly 'fan-out': FanOutResult;
  readonly 'group-identify': GroupIdentifyResult;
  readonly 'group-join': GroupJoinResult;
  readonly idle: IdleResult;
  readonly neighbour: NeighbourResult;
  readonly storm: StormResult;
  readonly polling: PollingResult;
  readonly steady: SteadyResult;
  readonly hints: HintsResult;
}
export type ResultOf<Job extends LoadJob> = Results[Job['kind']];

/** What the generator reports while it works. */
export type LoadReport =
  | { readonly kind: 'measuring' }
  | { readonly kind: 'measured' }
  | { readonly kind: 'result'; readonly result: ResultOf<LoadJob> }
  | { readonly kind: 'failed'; readonly error: string };

/** How a job reports the begin and the end of its measured time; resolves when the samples are taken. */
export interface MeasureSignals {
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}
