import type { RedisAddress } from '@postline/service-runtime';
import { DeadlineError } from '@postline/service-runtime';
import type { Redis } from 'ioredis';
import { BusUnavailableError } from '../message-bus.ts';
import type { RedisLocator } from './locating/redis-locator.ts';
import { withShortConnection } from './short-connection.ts';

export interface WitnessOptions {
  readonly locator: RedisLocator;
  /** The server of the connection to prove. In a cluster, another node is a better witness. */
  readonly server: RedisAddress | undefined;
  /** The time for finding the server, connecting and the exchange together. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A connection and the server to which its address leads now do not exchange messages. */
export class MisplacedError extends BusUnavailableError {
  constructor(cause: Error) {
    const text = 'what is published does not arrive where the address leads now';
    super(text, cause, { kind: 'misplaced', text });
    this.name = 'MisplacedError';
  }
}

/**
 * Exchanges a message with a witness: a new connection to the address, whose server must be a master. Rejects with a
 * MisplacedError if the witness connects but the message does not arrive, and otherwise with the reason why there is no
 * witness.
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
