import type { RedisAddress } from '@postline/service-runtime';
import { DeadlineError } from '@postline/service-runtime';
import type { Redis } from 'ioredis';
import { BusUnavailableError } from '../message-bus.ts';
import type { RedisLocator } from './locating/redis-locator.ts';
import { withShortConnection } from './short-connection.ts';

export interface WitnessOptions {
  readonly locator: RedisLocator;
  /** The server of the connection that is to be proven: in a cluster, another node is the better witness. */
  readonly server: RedisAddress | undefined;
  /** For finding the server, connecting and the exchange. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Messages do not cross between a connection and the server to which its address leads now. */
export class MisplacedError extends BusUnavailableError {
  constructor(cause: Error) {
    const text = 'what is published does not arrive where the address leads now';
    super(text, cause, { kind: 'misplaced', text });
    this.name = 'MisplacedError';
  }
}

/**
 * Exchanges a message with a witness: a connection made anew by the address, to a server that must be a master. Rejects
 * with a MisplacedError if the witness is there and the message is not, else with the reason why there is no witness.
 */
export async function exchangeWithWitness(
  { locator, server, deadlineMs, signal }: WitnessOptions,
  exchange: (witness: Redis) => Promise<unknown>,
): Promise<void> {
  const progress = { isWitnessThere: false };
  const connection = {
    locate: (isOver: AbortSignal) => locator.locate(isOver, server),
    login: locator.login,
    name: 'postline-witness',
    deadlineMs,
    signal,
  };
  try {
    await withShortConnection(connection, async (witness) => {
      await locator.verify(witness);
      progress.isWitnessThere = true;
      await exchange(witness);
    });
  } catch (error) {
    if (progress.isWitnessThere && error instanceof DeadlineError) throw new MisplacedError(error);
    throw error;
  }
}
