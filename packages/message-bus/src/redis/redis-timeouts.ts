/** All timeouts of the Redis bus. */
export interface RedisTimeouts {
  /** How long one `publish` may take. */
  readonly publishDeadlineMs: number;
  /** How long Redis may take to confirm one SUBSCRIBE command. */
  readonly subscribeDeadlineMs: number;
  /** How long one attempt to connect may take, from the SYN to the answer to the handshake. */
  readonly connectDeadlineMs: number;
  /** The longest pause between two attempts to connect. */
  readonly reconnectPauseMaxMs: number;
  /** How long a sentinel or a cluster node may take to say which server to connect to. */
  readonly askDeadlineMs: number;
  /** How long one of them may be silent before the next one is asked as well. */
  readonly askNextAfterMs: number;
  /** From the end of one exchange with a witness to the start of the next. */
  readonly proofIntervalMs: number;
  /** How long one exchange with a witness may take, from finding the server to the arrival of the message. */
  readonly proofDeadlineMs: number;
  /** From the last arrival on a subscriber's connection, or a probe that failed, to the start of the next probe. */
  readonly probeIntervalMs: number;
  /** How long the answer to a probe may take before the subscriber is `down`. */
  readonly probeDeadlineMs: number;
  /** How long probes may fail before the connection is replaced. */
  readonly silenceMaxMs: number;
}

export const REDIS_TIMEOUTS_DEFAULT: RedisTimeouts = {
  // A POST may take 300 ms (p99) while Redis is frozen, and needs a part of that for the database. A healthy Redis
  // takes 1 ms.
  publishDeadlineMs: 150,
  // A thousand channels are confirmed in a few ms. The probes notice a frozen Redis in about the same time.
  subscribeDeadlineMs: 1_000,
  // Four round trips of TCP, TLS and HELLO across an ocean. Together with the pause below and a proof, this is less
  // than the 5 s after which everything must work again, even if an attempt to connect to a frozen Redis has to time
  // out first.
  connectDeadlineMs: 2_000,
  reconnectPauseMaxMs: 1_000,
  // Four round trips across an ocean. A dead server costs 300 ms once, and is asked last from then on.
  askDeadlineMs: 1_000,
  askNextAfterMs: 300,
  // With these two values, both ends prove at least every 2.5 s that they are connected to the server to which their
  // address leads. So for at most 5 s messages can be published on a server that was demoted, replaced or cut off. Each
  // proof costs one short connection.
  proofIntervalMs: 1_000,
  proofDeadlineMs: 1_500,
  // With these two values, a frozen Redis is noticed within 1 s, at the cost of at most 2 PINGs per second and relay:
  // whatever arrives proves as much as the answer to a PING.
  probeIntervalMs: 500,
  probeDeadlineMs: 500,
  // A Redis that forks or runs a slow script answers within this time. A connection that was silently cut never does.
  silenceMaxMs: 2_000,
};
