import { explainClose } from './close-explanation.ts';
import type { Cursor } from './cursor.ts';
import type { Environment, RelaySocket } from './environment.ts';
import { PostlineError } from './postline-error.ts';
import { silenceMsMax } from './reconnect-policy.ts';
import { type RelayFrame, readRelayFrame } from './relay-frame.ts';

/** What a relay is taken for until it says otherwise. */
const HEARTBEAT_SECONDS_DEFAULT = 25;

/** After the network or the page came back: a connection that is alive answers a ping well within this. */
const PONG_MS_MAX = 5_000;

export interface IdentifyFrame {
  readonly type: 'identify';
  readonly clientId: string;
  readonly token?: string;
  readonly deviceId?: string;
  readonly resume?: Cursor | 'last-ack';
}

/** What a client may say on its socket. */
export type ClientFrame =
  | IdentifyFrame
  | { readonly type: 'ack'; readonly targetId: string; readonly offset: number }
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'ping' };

/** Hears of one connection. After `end()` it hears nothing more. */
export interface RelayConnectionListener {
  onOpen(): void;
  onFrame(frame: RelayFrame): void;
  /** It is over, by the relay or because it broke. */
  onLost(error: PostlineError): void;
}

export interface RelayConnectionParts {
  readonly environment: Environment;
  readonly url: string;
  /** The first frame. */
  readonly identify: IdentifyFrame;
  readonly listener: RelayConnectionListener;
}

/** One socket from the first frame to its end. It notices when the line is dead, also where nobody says so. */
export class RelayConnection {
  readonly #environment: Environment;
  readonly #listener: RelayConnectionListener;
  readonly #socket: RelaySocket;
  #silenceMsMax = silenceMsMax(HEARTBEAT_SECONDS_DEFAULT);
  #state: 'opening' | 'open' | 'paused' = 'opening';
  #cancelTimer: () => void = () => undefined;

  constructor({ environment, url, identify, listener }: RelayConnectionParts) {
    this.#environment = environment;
    this.#listener = listener;
    this.#socket = environment.openSocket(url, {
      onOpen: () => {
        this.#state = 'open';
        this.send(identify);
        this.#expectWithin(this.#silenceMsMax);
        listener.onOpen();
      },
      onText: (text) => this.#onText(text),
      onClose: (closeCode) =>
        this.#lose(new PostlineError('closed_by_relay', explainClose(closeCode), { closeCode })),
    });
  }

  send(frame: ClientFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  /** Makes sure that it is alive, where that is in doubt. */
  probe(): void {
    if (this.#state !== 'open') return;
    this.send({ type: 'ping' });
    this.#expectWithin(Math.min(PONG_MS_MAX, this.#silenceMsMax));
  }

  /** Stops reading, so that the relay holds back what is to come; false where the platform can't. */
  pause(): boolean {
    if (this.#socket.pause === undefined) return false;
    if (this.#state === 'open') {
      this.#state = 'paused';
      this.#cancelTimer(); // whoever doesn't listen can't tell silence
      this.#socket.pause();
    }
    return true;
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'open';
    this.#socket.resume?.();
    this.#expectWithin(this.#silenceMsMax);
  }

  /** Lets go of the socket at once: a dead one would take up to a minute to close by the rules. */
  end(): void {
    this.#cancelTimer();
    this.#socket.close();
  }

  #onText(text: string): void {
    const frame = readRelayFrame(text);
    if (frame?.type === 'identified') this.#silenceMsMax = silenceMsMax(frame.heartbeatSeconds);
    if (this.#state === 'open') this.#expectWithin(this.#silenceMsMax);
    if (frame !== undefined) this.#listener.onFrame(frame);
  }

  /** It counts as broken unless something comes within this time. */
  #expectWithin(milliseconds: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#environment.after(milliseconds, () =>
      this.#lose(new PostlineError('silent', 'The relay has been silent for too long.')),
    );
  }

  #lose(error: PostlineError): void {
    this.end();
    this.#listener.onLost(error);
  }
}
