/** By the kind of the fault. */
const ADVICE: Readonly<Record<string, string>> = {
  refused: 'Start Redis, or correct the host and port in REDIS_URL.',
  'unknown-host': 'Correct the host in REDIS_URL.',
  'timed-out': 'Start Redis, or open the way to it: it does not answer.',
  'wrong-password': 'Correct the user or the password in REDIS_URL.',
  'missing-right': 'Give the Redis user the channels and commands that docs/operating.md lists.',
  'protected-mode': 'Set a password for Redis (requirepass) and use it in REDIS_URL.',
  'read-only': 'Let REDIS_URL lead to the master.',
  'too-many-clients': 'Raise maxclients of Redis.',
  'not-redis': 'Let REDIS_URL lead to a Redis: another server answers there.',
  tls: 'Make REDIS_URL and REDIS_CA_FILE fit the certificate of Redis.',
};

const OTHERWISE = 'Start Redis, or correct REDIS_URL; its log says more.';

/** What to do about a Redis that can't be used. */
export function redisAdvice(kind: string): string {
  return ADVICE[kind] ?? OTHERWISE;
}

/** Finds the kind for a reason from `/readyz`, which is a text without a kind. */
const TEXTS: readonly (readonly [RegExp, string])[] = [
  [/connection refused/, 'refused'],
  [/host/, 'unknown-host'],
  [/timed out|in time/, 'timed-out'],
  [/password/, 'wrong-password'],
  [/lacks a right/, 'missing-right'],
  [/protected mode/, 'protected-mode'],
  [/replica/, 'read-only'],
  [/TLS/, 'tls'],
];

export function redisAdviceFor(text: string): string {
  return redisAdvice(TEXTS.find(([pattern]) => pattern.test(text))?.[1] ?? '');
}
