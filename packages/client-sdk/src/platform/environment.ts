/** The platform as a client sees it: time, randomness, sockets, and news of the network. */
export interface Environment {
  /** Milliseconds on a monotonic clock: right for durations, unrelated to the time of day. */
  now(): number;
  /** 0 to 1. */
  readonly random: () => number;
  /** Calls `callback` once after this time. Returns a function that cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Throws where the platform can never open such a socket. */
  openSocket(url: string, listener: SocketListener): RelaySocket;
  /** Calls the listener when the network or the page comes back. Returns a function that removes it. */
  onWake(listener: () => void): () => void;
}

/** Receives the events of one socket; none after `close()`. */
export interface SocketListener {
  onOpen(): void;
  onText(text: string): void;
  /** `cause`: the platform's reason, if it gives one. */
  onClose(code: number, cause?: unknown): void;
}

export interface RelaySocket {
  /** Drops the text if the socket is not open. */
  readonly send: (text: string) => void;
  /** Resolves when the relay has answered the close, and so has read everything sent before, or after a timeout. */
  readonly close: () => Promise<void>;
  /** Stops reading, so that the relay holds back the rest. Absent where the platform cannot. */
  readonly pause?: () => void;
  readonly resume?: () => void;
}

const TIMER_MS_MAX = 2 ** 31 - 1;

/** A relay answers a close frame within one round trip; a client that ends does not wait longer than this. */
export const CLOSE_ANSWER_MS_MAX = 1_000;

export const timeAndChance = {
  // Some platforms have no monotonic clock; theirs can be set by the user.
  now: () => (globalThis as { performance?: Partial<Performance> }).performance?.now?.() ?? Date.now(),
  random: () => Math.random(),
  after(milliseconds: number, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.min(milliseconds, TIMER_MS_MAX));
    return () => clearTimeout(timer);
  },
};
