import type { Environment, RelaySocket, SocketListener } from '../../src/platform/environment.ts';
import { identifiedFrame, messageFrame } from './fake-relay.ts';

interface Cursor {
  readonly epoch: string;
  readonly offsets: Readonly<Record<string, number>>;
}

/** A relay with a log in memory. It keeps the rules of the wire, and misbehaves in every way that they allow. */
export class ModelRelay {
  head = 0;
  /** How many messages are repeated on each resume: a relay may repeat messages, but never skip one. */
  repeats = 0;
  #socket: { readonly listener: SocketListener; cursor: number | undefined; isPaused: boolean } | undefined;
  readonly #canPause: boolean;

  constructor(canPause: boolean) {
    this.#canPause = canPause;
  }

  readonly openSocket: Environment['openSocket'] = (_url, listener): RelaySocket => {
    const own = { listener, cursor: undefined as number | undefined, isPaused: false };
    this.#socket = own;
    queueMicrotask(() => listener.onOpen());
    return {
      send: (text) => {
        if (this.#socket === own) this.#onFrame(JSON.parse(text) as { type: string; resume?: Cursor });
      },
      close: () => {
        if (this.#socket === own) this.#socket = undefined;
        return Promise.resolve();
      },
      ...(this.#canPause && {
        pause: () => {
          own.isPaused = true;
        },
        resume: () => {
          own.isPaused = false;
          queueMicrotask(() => this.deliver());
        },
      }),
    };
  };

  #onFrame(frame: { readonly type: string; readonly resume?: Cursor }): void {
    if (frame.type !== 'identify' || this.#socket === undefined) return;
    const cursor = frame.resume?.offsets['1'] ?? 0;
    this.#socket.cursor = Math.max(0, cursor - this.repeats);
    this.#tell(identifiedFrame({ offset: cursor, head: this.head }));
    this.deliver();
  }

  /** Sends the backlog while the client reads. */
  deliver(): void {
    const socket = this.#socket;
    while (socket?.cursor !== undefined && socket.cursor < this.head && !socket.isPaused) {
      if (this.#socket !== socket) return;
      socket.cursor += 1;
      this.#tell(messageFrame(socket.cursor));
    }
  }

  /** Skips one message, as a faulty relay would. */
  skip(): void {
    if (this.#socket?.cursor !== undefined && this.#socket.cursor < this.head) this.#socket.cursor += 1;
  }

  close(code: number): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.listener.onClose(code);
  }

  #tell(frame: unknown): void {
    this.#socket?.listener.onText(JSON.stringify(frame));
  }
}
