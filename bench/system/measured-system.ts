export type ProcessRole = 'api-server' | 'websocket-server' | 'database' | 'redis';

export interface SystemProcess {
  readonly role: ProcessRole;
  readonly pid: number;
  /** Where its CPU profile can be recorded. */
  readonly inspectorPort?: number;
}

/**
 * What is measured: `postline`; the same on a database that holds ten million rows already; Socket.IO without and with
 * a row for each message; and the parts without any of the promises, which is as fast as it can get.
 */
export type SystemKind =
  | 'postline'
  | 'postline on 10 million rows'
  | 'socket.io'
  | 'socket.io + row'
  | 'bare parts';

/** A whole system at work: what a workload talks to, and the processes whose cost it counts. */
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

/** The database server and the Redis of one workload. */
export interface BackingServers {
  /** Starts an API and a relay, new for each run, on the database of this kind. */
  readonly startSystem: (
    kind: SystemKind,
    options: { readonly inspectable: boolean },
  ) => Promise<MeasuredSystem>;
  readonly pids: readonly number[];
  readonly stop: () => Promise<void>;
}
