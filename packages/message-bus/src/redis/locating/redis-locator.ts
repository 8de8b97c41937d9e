import type { RedisAddress } from '@postline/service-runtime';
import type { Redis } from 'ioredis';

/** Finds the server to connect to; asked anew for each connection. */
export interface RedisLocator {
  readonly login: Pick<RedisAddress, 'username' | 'password'>;

  /** The server to connect to now; another one than `avoided` where there is a choice. */
  locate(signal: AbortSignal, avoided?: RedisAddress): Promise<RedisAddress>;

  /** Rejects unless what is published on this server reaches the subscribers of all. */
  verify(client: Redis): Promise<void>;
}

/** What finders that ask other servers need to know. */
export interface AskingTimes {
  /** How long one of them may take to answer. */
  readonly askDeadlineMs: number;
  /** How long one of them may be silent before the next one is asked too. */
  readonly askNextAfterMs: number;
}
