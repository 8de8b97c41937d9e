/** A deployment and its traffic, as `npm run simulate` describes them. */

/** Every value is for all installations together; `apis`, `relays`, `redisNodes` and `databaseCores` are of each. */
export interface Deployment {
  readonly connections: number;
  readonly groupsPerConnection: number;
  /** Connections that are members of a group. */
  readonly groupSize: number;
  /** To clients; each has one connection. */
  readonly messagesPerSecond: number;
  readonly groupMessagesPerSecond: number;
  readonly messageBytes: number;
  readonly messagesPerRequest: number;
  /** Requests that are under way at once; a commit has no more. 0: no bound. */
  readonly publishers: number;
  /** Whether clients acknowledge what they receive (1) or not (0). */
  readonly acks: number;
  /** After which a client connects anew, on average; 0: never. */
  readonly sessionMinutes: number;
  /** Messages that it has missed then. */
  readonly missedMessages: number;
  readonly compareSeconds: number;
  readonly heartbeatSeconds: number;
  /** Separate databases, each with services of its own and a part of the targets. */
  readonly installations: number;
  readonly apis: number;
  readonly relays: number;
  readonly redisNodes: number;
  readonly databaseCores: number;
  /** All processes of an installation share so many cores; 0: every service process and Redis has a core of its own. */
  readonly sharedCores: number;
}

interface Setting {
  readonly byDefault: number;
  readonly meaning: string;
  /** 0 is not allowed. */
  readonly isPositive?: true;
}

/** What is not given. `apis`, `relays`, `databaseCores` and `installations` of 0 are chosen to fit the load. */
export const SETTINGS: Readonly<Record<keyof Deployment, Setting>> = {
  connections: { byDefault: 10_000, meaning: 'open connections, each of another client' },
  groupsPerConnection: { byDefault: 1, meaning: 'groups that each connection follows' },
  groupSize: { byDefault: 100, meaning: 'connections that follow a group', isPositive: true },
  messagesPerSecond: { byDefault: 167, meaning: 'messages to single clients' },
  groupMessagesPerSecond: { byDefault: 1.67, meaning: 'messages to groups' },
  messageBytes: { byDefault: 200, meaning: 'bytes of a message' },
  messagesPerRequest: { byDefault: 1, meaning: 'messages in a request', isPositive: true },
  publishers: { byDefault: 0, meaning: 'requests at once, at most (0: no bound)' },
  acks: { byDefault: 1, meaning: 'clients acknowledge what they receive (0: they do not)' },
  sessionMinutes: { byDefault: 30, meaning: 'minutes until a client connects anew (0: never)' },
  missedMessages: { byDefault: 5, meaning: 'messages that it has missed then' },
  compareSeconds: { byDefault: 3, meaning: 'COMPARE_INTERVAL_MS in seconds', isPositive: true },
  heartbeatSeconds: { byDefault: 25, meaning: 'HEARTBEAT_SECONDS', isPositive: true },
  installations: {
    byDefault: 0,
    meaning: 'separate databases that divide the targets (0: as few as carry it)',
  },
  apis: { byDefault: 0, meaning: 'API processes of each installation (0: as few as carry it)' },
  relays: { byDefault: 0, meaning: 'relay processes of each installation (0: as few as carry it)' },
  redisNodes: { byDefault: 1, meaning: 'nodes of the Redis cluster, or 1', isPositive: true },
  databaseCores: { byDefault: 0, meaning: 'cores of each database (0: as few as carry it)' },
  sharedCores: { byDefault: 0, meaning: 'cores that all processes share (0: each has its own)' },
};

/** The part of the load that each installation has. */
export function ofOneInstallation(deployment: Deployment): Deployment {
  const { installations, connections, messagesPerSecond, groupMessagesPerSecond, publishers } = deployment;
  return {
    ...deployment,
    installations: 1,
    connections: connections / installations,
    messagesPerSecond: messagesPerSecond / installations,
    groupMessagesPerSecond: groupMessagesPerSecond / installations,
    publishers: publishers / installations,
  };
}
