import type { RedisAddress } from '@postline/service-runtime';
import { Redis } from 'ioredis';
import { type Locate, RedisConnector } from './redis-connector.ts';

/** Time for the peer to close its side before the socket is destroyed. */
const DISCONNECT_DEADLINE_MS = 100;

export interface RedisClientOptions {
  /** Called once, when the client connects. */
  readonly locate: Locate;
  readonly login: Pick<RedisAddress, 'username' | 'password'>;
  /** Its name in CLIENT LIST. */
  readonly name: string;
  readonly connectDeadlineMs: number;
}

/**
 * A client of the driver for a single connection, which `connect` makes. It neither reconnects, nor queues, nor repeats
 * anything. Code that needs an error adds its own listener.
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
    // The handshake suffices: Redis delivers messages even while it loads its data.
    enableReadyCheck: false,
    disableClientInfo: true,
  });
  return client.on('error', () => undefined); // the driver prints errors that nobody listens to
}
