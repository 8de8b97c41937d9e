import type { RedisAddress } from '@postline/service-runtime';
import { Redis } from 'ioredis';
import { type Locate, RedisConnector } from './redis-connector.ts';

/** How long the peer has to close its side before the socket is destroyed. */
const DISCONNECT_DEADLINE_MS = 100;

export interface RedisClientOptions {
  /** Called once, when the client connects. */
  readonly locate: Locate;
  readonly login: Pick<RedisAddress, 'username' | 'password'>;
  /** The client's name in CLIENT LIST. */
  readonly name: string;
  readonly connectDeadlineMs: number;
}

/**
 * Creates a driver client for a single connection, which `connect` opens. It does not reconnect, queue or repeat
 * anything. Code that needs errors adds its own listener.
 */
export function createRedisClient(options: RedisClientOptions): Redis {
  const { locate, login, name, connectDeadlineMs } = options;
  const { username, password } = login;
  const client = new Redis({
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    Connector: class extends RedisConnector {
      constructor() {
        super(locate, DISCONNECT_DEADLINE_MS);
      }
    },
    connectionName: name,
    lazyConnect: true,
    retryStrategy: null,
    connectTimeout: connectDeadlineMs,
    disconnectTimeout: DISCONNECT_DEADLINE_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    // The handshake is enough: Redis delivers messages even while it loads its data.
    enableReadyCheck: false,
    disableClientInfo: true,
  });
  return client.on('error', () => undefined); // the driver prints errors that have no listener
}
