/** All timeouts of the redis kind. */
export interface RedisTimeouts {
  /** How long one `publish` may take. */
  readonly publishDeadlineMs: number;
  /** How long Redis may take to confirm one SUBSCRIBE command. */
  readonly subscribeDeadlineMs: number;
  /** How long one attempt to connect may take, from the SYN to the answer of the handshake. */
  readonly connectDeadlineMs: number;
  /** The longest pause between two attempts to connect. */
  readonly reconnectPauseMaxMs: number;
  /** How long a sentinel or a node of a cluster may take to say where to connect to. */
  readonly askDeadlineMs: number;
  /** How long one of them may be silent before the next one is asked too. */
  readonly askNextAfterMs: number;
  /** From the end of one exchange with a witness to the start of the next. */
  readonly proofIntervalMs: number;
  /** How long one exchange with a witness may take, from finding the server to the arrival of the message. */
  readonly proofDeadlineMs: number;
  /** From the end of one probe of a subscriber's connection to the start of the next. */
  readonly probeIntervalMs: number;
  /** How long the answer to a probe may take before the subscriber is `down`. */
  readonly probeDeadlineMs: number;
  /** How long probes may fail before the connection is replaced. */
  readonly silenceMaxMs: number;
}

export const REDIS_TIMEOUTS_DEFAULT: RedisTimeouts = {
  // A POST has 300 ms (p99) while Redis is frozen, and needs some of them for the database. A healthy Redis takes 1 ms.
  publishDeadlineMs: 150,
  // A thousand channels are confirmed in a few ms; the probes notice a frozen Redis in about the same time.
  subscribeDeadlineMs: 1_000,
  // Four round trips of TCP, TLS and HELLO across an ocean. With the pause below, and a proof, under the 5 s after
  // which everything has to work again: an attempt that was made to a frozen Redis may have to run out first.
  connectDeadlineMs: 2_000,
  reconnectPauseMaxMs: 1_000,
  // Four round trips across an ocean. A dead one costs 300 ms once, and is asked last from then on.
  askDeadlineMs: 1_000,
  askNextAfterMs: 300,
  // Together: every 2.5 s at least both ends prove that they are where their address leads, so nothing is `sent` for more
  // than 5 s on a server that was demoted, replaced or cut off. The price is one short connection each time.
  proofIntervalMs: 1_000,
  proofDeadlineMs: 1_500,
  // Together: a frozen Redis is noticed within 1 s, at the cost of 2 PINGs per second and relay.
  probeIntervalMs: 500,
  probeDeadlineMs: 500,
  // A Redis that forks or runs a slow script answers before this; a silently cut connection never does.
  silenceMaxMs: 2_000,
};
