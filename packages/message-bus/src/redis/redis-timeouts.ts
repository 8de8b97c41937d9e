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
  /** The age at which a new connection replaces this one, in use or not. */
  readonly connectionAgeMaxMs: number;
  /** From the end of one probe to the start of the next. */
  readonly probeIntervalMs: number;
  /** From the end of one probe of a publisher to the start of the next. */
  readonly publisherProbeIntervalMs: number;
  /** How long a message to oneself may take before the subscriber is `down`. */
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
  // Publishers and relays meet again within half a minute where the address has come to point to another server. The
  // price is a handshake now and then, and for a relay all its SUBSCRIBEs: some 50 ms of Redis for 50,000 targets.
  connectionAgeMaxMs: 20_000,
  // Together: a frozen Redis is noticed within 1 s, at the cost of 2 small messages per second and relay.
  probeIntervalMs: 500,
  probeDeadlineMs: 500,
  // An API that publishes nothing notices an outage as soon as operators expect it to, for one small message each time.
  publisherProbeIntervalMs: 2_000,
  // A Redis that forks or runs a slow script answers before this; a silently cut connection never does.
  silenceMaxMs: 2_000,
};
