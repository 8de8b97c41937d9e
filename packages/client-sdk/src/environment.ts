/** What a client needs of the world around it: time, chance, sockets, and word that the network is back. */
export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  /** 0 to 1. */
  readonly random: () => number;
  /** Calls once after so many milliseconds; what it returns cancels that. */
  after(milliseconds: number, callback: () => void): () => void;
  openSocket(url: string, listener: SocketListener): RelaySocket;
  /** Tells when the network or the page is back; what it returns ends that. */
  onWake(listener: () => void): () => void;
}

/** Hears of one socket. After `close()` it hears nothing more. */
export interface SocketListener {
  onOpen(): void;
  onText(text: string): void;
  onClose(code: number): void;
}

export interface RelaySocket {
  /** A socket that is not open any more drops it. */
  readonly send: (text: string) => void;
  readonly close: () => void;
  /** Stops reading, so that the relay holds back what is to come. Only where the platform can. */
  readonly pause?: () => void;
  readonly resume?: () => void;
}

const TIMER_MS_MAX = 2 ** 31 - 1;

export const timeAndChance = {
  now: () => Date.now(),
  random: () => Math.random(),
  after(milliseconds: number, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.min(milliseconds, TIMER_MS_MAX));
    return () => clearTimeout(timer);
  },
};
