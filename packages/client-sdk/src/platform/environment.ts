/** What a client needs of the world around it: time, chance, sockets, and word that the network is back. */
export interface Environment {
  /** Milliseconds of a clock that nobody sets: good for durations, and says nothing about the time of day. */
  now(): number;
  /** 0 to 1. */
  readonly random: () => number;
  /** Calls once after so many milliseconds; what it returns cancels that. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Throws where this platform will never open such a socket. */
  openSocket(url: string, listener: SocketListener): RelaySocket;
  /** Tells when the network or the page is back; what it returns ends that. */
  onWake(listener: () => void): () => void;
}

/** Hears of one socket. After `close()` it hears nothing more. */
export interface SocketListener {
  onOpen(): void;
  onText(text: string): void;
  /** `cause`: what the platform says about it, where it says anything. */
  onClose(code: number, cause?: unknown): void;
}

export interface RelaySocket {
  /** A socket that is not open any more drops it. */
  readonly send: (text: string) => void;
  /** Resolves when the other side has answered, so that it has read what was sent before, or has not in time. */
  readonly close: () => Promise<void>;
  /** Stops reading, so that the relay holds back what is to come. Only where the platform can. */
  readonly pause?: () => void;
  readonly resume?: () => void;
}

const TIMER_MS_MAX = 2 ** 31 - 1;

/** A relay that doesn't answer the close frame within this time is not waited for. */
export const CLOSE_ANSWER_MS_MAX = 1_000;

export const timeAndChance = {
  // A platform without this clock is left with the one that its user may set.
  now: () => (globalThis as { performance?: Partial<Performance> }).performance?.now?.() ?? Date.now(),
  random: () => Math.random(),
  after(milliseconds: number, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.min(milliseconds, TIMER_MS_MAX));
    return () => clearTimeout(timer);
  },
};
