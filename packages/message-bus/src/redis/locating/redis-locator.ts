import type { RedisAddress } from '@postline/service-runtime';
import type { Redis } from 'ioredis';

/** Finds the server to connect to. It is asked again for each connection. */
export interface RedisLocator {
  readonly login: Pick<RedisAddress, 'username' | 'password'>;

  /** Finds the server to connect to now. If there are several, it is not `avoided`. */
  locate(signal: AbortSignal, avoided?: RedisAddress): Promise<RedisAddress>;

  /** Rejects unless messages that are published on this server reach the subscribers of all servers. */
  verify(client: Redis): Promise<void>;
}

/** Limits for locators that ask other servers. */
export interface AskingTimes {
  /** How long one server may take to answer. */
  readonly askDeadlineMs: number;
  /** How long one server may be silent before the next one is asked as well. */
  readonly askNextAfterMs: number;
}
