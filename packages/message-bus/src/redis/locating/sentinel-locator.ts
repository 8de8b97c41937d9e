import type { RedisAccess, RedisAddress } from '@postline/service-runtime';
import type { Redis } from 'ioredis';
import { BusUnavailableError } from '../../message-bus.ts';
import { firstAnswer } from './first-answer.ts';
import { redisFault } from '../redis-fault.ts';
import type { AskingTimes, RedisLocator } from './redis-locator.ts';
import { requireMaster } from '../redis-role.ts';
import { withShortConnection } from '../short-connection.ts';

export interface SentinelLocatorOptions {
  readonly sentinels: readonly RedisAddress[];
  readonly sentinelPassword: string | undefined;
  readonly masterName: string;
  readonly master: RedisAccess;
  readonly times: AskingTimes;
}

/** Asks sentinels which server is the master. It first asks the sentinel that answered last time. */
export class SentinelLocator implements RedisLocator {
  readonly login: RedisAccess;
  readonly #options: SentinelLocatorOptions;
  #sentinels: readonly RedisAddress[];

  constructor(options: SentinelLocatorOptions) {
    this.#options = options;
    this.login = options.master;
    this.#sentinels = options.sentinels;
  }

  locate(signal: AbortSignal): Promise<RedisAddress> {
    return firstAnswer({
      candidates: this.#sentinels,
      ask: (sentinel, isOver) => this.#ask(sentinel, isOver),
      patienceMs: this.#options.times.askNextAfterMs,
      signal,
    });
  }

  /** During a failover a sentinel may name the wrong server, so the server itself must say that it is the master. */
  verify(client: Redis): Promise<void> {
    return requireMaster(client);
  }

  async #ask(sentinel: RedisAddress, signal: AbortSignal): Promise<RedisAddress> {
    const { sentinelPassword, masterName, master, times } = this.#options;
    const connection = {
      locate: () => Promise.resolve(sentinel),
      login: sentinelPassword === undefined ? {} : { password: sentinelPassword },
      name: 'postline-locator',
      deadlineMs: times.askDeadlineMs,
      signal,
    };
    const answer = await withShortConnection(connection, (client) =>
      client.call('SENTINEL', 'get-master-addr-by-name', masterName),
    ).catch((error: unknown) => {
      throw unusable(error);
    });
    if (answer === null) throw unknownMaster();
    const [host, port] = answer as [string, string];
    this.#sentinels = [sentinel, ...this.#sentinels.filter((other) => other !== sentinel)];
    return { ...master, host, port: Number(port) };
  }
}

function unusable(error: unknown): BusUnavailableError {
  const { kind, text } = redisFault(error);
  return new BusUnavailableError('no sentinel can be asked', error, {
    kind: `sentinel-${kind}`,
    text: `no sentinel can be asked: ${text}`,
  });
}

function unknownMaster(): BusUnavailableError {
  const text = 'the sentinels know no master with the name in REDIS_URL';
  return new BusUnavailableError(text, undefined, { kind: 'unknown-master', text });
}
