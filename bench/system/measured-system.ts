export type ProcessRole = 'api-server' | 'websocket-server' | 'database' | 'redis';

export interface SystemProcess {
  readonly role: ProcessRole;
  readonly pid: number;
  /** Port for recording its CPU profile. */
  readonly inspectorPort?: number;
}

/**
 * The measured systems: `postline`; the same with two processes of each service, and on a database with ten million rows; Socket.IO without and with a row for
 * each message; and the bare parts without any guarantee, as an upper bound.
 */
export type SystemKind =
  | 'postline'
  | 'postline, 2 workers'
  | 'postline on 10 million rows'
  | 'socket.io'
  | 'socket.io + row'
  | 'bare parts';

/** How the services of a run are started. */
export interface SystemOptions {
  readonly inspectable: boolean;
  /** Path of the Node that they run on. */
  readonly nodePath: string;
  /** The root of another build of this project, in place of this one; only for Postline. */
  readonly root?: string;
}

/** A running system: its addresses, and the processes whose cost is counted. */
export interface MeasuredSystem {
  readonly kind: SystemKind;
  readonly apiUrl: string;
  readonly relayUrl: string;
  readonly databaseServerUrl: string;
  readonly redisUrl: string;
  readonly processes: readonly SystemProcess[];
  /** Ends the two services; the database and Redis stay. */
  readonly stop: () => Promise<void>;
}

/** The database server and Redis of one workload. */
export interface BackingServers {
  /** Starts an API and a relay, new for each run, on the database of this kind. */
  readonly startSystem: (kind: SystemKind, options: SystemOptions) => Promise<MeasuredSystem>;
  readonly pids: readonly number[];
  readonly stop: () => Promise<void>;
}
