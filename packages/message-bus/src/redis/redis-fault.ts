import {
  causesOf,
  describeFault,
  type FaultReason,
  LOST_KIND,
  networkFault,
} from '@postline/service-runtime';
import { BusUnavailableError } from '../message-bus.ts';

/** By the first word of Redis' error. */
const KINDS_BY_WORD: Readonly<Record<string, FaultReason>> = {
  WRONGPASS: { kind: 'wrong-password', text: 'wrong user or password (WRONGPASS)' },
  NOAUTH: { kind: 'wrong-password', text: 'Redis asks for a password and none is set (NOAUTH)' },
  NOPERM: { kind: 'missing-right', text: 'the Redis user lacks a right: command or channel (NOPERM)' },
  DENIED: { kind: 'protected-mode', text: 'Redis is in protected mode (DENIED)' },
  LOADING: { kind: 'loading', text: 'Redis is loading its data (LOADING)' },
  READONLY: { kind: 'read-only', text: 'Redis is a read-only replica (READONLY)' },
  MASTERDOWN: { kind: 'read-only', text: 'Redis is a replica that has lost its master (MASTERDOWN)' },
  CLUSTERDOWN: { kind: 'cluster-down', text: 'the Redis cluster is down (CLUSTERDOWN)' },
  MOVED: { kind: 'cluster', text: 'Redis is a node of a cluster (MOVED)' },
  MISCONF: { kind: 'misconfigured', text: 'Redis takes no writes: it can not save its data (MISCONF)' },
  OOM: { kind: 'out-of-memory', text: 'Redis is out of memory (OOM)' },
};

/** By text, for Redis errors that begin with ERR and for the driver's errors. */
const KINDS_BY_TEXT: readonly (readonly [RegExp, FaultReason])[] = [
  [
    /max number of clients/i,
    { kind: 'too-many-clients', text: 'Redis has as many clients as it takes (maxclients)' },
  ],
  [
    /AUTH .*without any password/i,
    { kind: 'wrong-password', text: 'a password is set for a Redis that has none' },
  ],
  [/invalid password/i, { kind: 'wrong-password', text: 'wrong user or password' }],
  [
    /cluster support disabled/i,
    { kind: 'no-cluster', text: 'Redis is no node of a cluster: REDIS_URL must start with redis://' },
  ],
  [/unknown command/i, { kind: 'not-redis', text: 'the server does not know a command of Redis' }],
  [
    /^(Protocol error|Unknown RESP type)/i,
    { kind: 'not-redis', text: 'the server does not speak the protocol of Redis' },
  ],
  [/^Connection is closed|closed the connection/i, { kind: LOST_KIND, text: 'Redis closed the connection' }],
];

/** The reason why Redis can't be used: Redis' own error, or else the error of the network or of TLS. */
export function redisFault(error: unknown): FaultReason {
  for (const cause of causesOf(error)) {
    if (cause instanceof BusUnavailableError) return cause.reason;
    const fault = faultOf(cause.message);
    if (fault !== undefined) return fault;
  }
  return networkFault(error) ?? describeFault(error);
}

/** Creates the error for callers, with Redis' reason. */
export function redisUnavailable(what: string, cause: unknown): BusUnavailableError {
  return new BusUnavailableError(what, cause, redisFault(cause));
}

/** Redis did not answer in time. */
export class RedisSilentError extends Error {
  readonly code = 'deadline_exceeded';

  constructor(what: string, milliseconds: number) {
    super(`${what} within ${milliseconds} ms`);
    this.name = 'RedisSilentError';
  }
}

function faultOf(message: string): FaultReason | undefined {
  const word = /^-?([A-Z]+)\b/.exec(message)?.[1] ?? '';
  return KINDS_BY_WORD[word] ?? KINDS_BY_TEXT.find(([pattern]) => pattern.test(message))?.[1];
}
