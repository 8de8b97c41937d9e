import { type ClientFrame, type IdentifyFrame, readRelayFrame, type RelayFrame } from './frames.ts';
import type { ClientEventListeners, ClientState } from '../client-events.ts';
import type { Environment, RelaySocket } from '../platform/environment.ts';
import { PostlineError, type PostlineErrorCode } from '../postline-error.ts';
import { failuresAfter, type RetryWidths, retryDelayMs, silenceMsMax } from '../retry-policy.ts';
import { absoluteUrl } from '../absolute-url.ts';

/** Assumed until `identified` says otherwise. */
const HEARTBEAT_SECONDS_DEFAULT = 25;

/** A connection that survived the loss of network or page answers a ping well within this time. */
const PONG_MS_MAX = 5_000;

export interface RelayLinkParts extends RetryWidths {
  readonly environment: Environment;
  readonly events: ClientEventListeners;
  /** With `ws:` or `wss:`. */
  readonly url: string;
  readonly openMsMax: number;
  /** Loads everything that `identify` needs. Rejects with the reason why there can be no connection. */
  prepareIdentify(): Promise<IdentifyFrame>;
  onFrame(frame: RelayFrame): void;
  onState(state: ClientState): void;
  /** A connection, or an attempt at one, has ended. False if another one cannot help. */
  onLost(error: PostlineError): boolean;
}

/**
 * Keeps one connection to the relay, and replaces it whenever it breaks. A connection that is silent for too long
 * counts as broken.
 */
export class RelayLink {
  readonly #parts: RelayLinkParts;
  #state: 'connecting' | 'open' | 'waiting' | 'held' | 'closed' = 'closed';
  #socket: RelaySocket | undefined;
  /** The only timer: the deadline of the connection, or the wait for the next attempt. */
  #cancelTimer: () => void = () => undefined;
  /** Lets an attempt whose token or cursor arrives late notice that it is no longer wanted. */
  #attempt = 0;
  #failures = 0;
  #identifiedAtMs: number | undefined;
  /** The relay's last frame, if it was an error: often the reason of the close that follows. */
  #complaint: { readonly relayCode: string; readonly cause: unknown } | undefined;
  #silenceMsMax = silenceMsMax(HEARTBEAT_SECONDS_DEFAULT);

  constructor(parts: RelayLinkParts) {
    this.#parts = parts;
  }

  connect(): void {
    void this.end();
    this.#state = 'connecting';
    this.#parts.onState({ state: 'connecting' });
    this.#expectWithin(this.#parts.openMsMax, 'open_timeout');
    void this.#open(this.#attempt);
  }

  /** The network or the page is back: connects at once instead of waiting, or tests the connection with a ping. */
  wake(): void {
    if (this.#state === 'waiting') this.connect();
    if (this.#state !== 'open') return;
    this.#write({ type: 'ping' });
    this.#expectWithin(Math.min(PONG_MS_MAX, this.#silenceMsMax), 'silent');
  }

  /** False if the relay has not identified the client on this connection. True means sent, not received. */
  send(frame: ClientFrame): boolean {
    if (this.#identifiedAtMs === undefined) return false;
    this.#write(frame);
    return true;
  }

  /** The inbox is full: stops reading; on a platform that cannot, ends the connection for a while. */
  hold(): void {
    if (this.#state !== 'open') return;
    this.#state = 'held';
    this.#cancelTimer(); // silence means nothing while nobody reads
    // <not in the script>
    // Only Node can.
    if (this.#socket?.pause !== undefined) return this.#socket.pause();
    // </not in the script>
    void this.end();
    this.#parts.onState({ state: 'waiting', retryInMs: null, error: new PostlineError('inbox_full') });
  }

  /** The inbox has room again. */
  release(): void {
    if (this.#state !== 'held') return;
    // <not in the script>
    if (this.#socket !== undefined) {
      this.#state = 'open';
      this.#socket.resume?.();
      return this.#listen();
    }
    // </not in the script>
    this.connect();
  }

  /** Gives up the connection, and opens another one after a while. */
  lose(error: PostlineError): void {
    const parts = this.#parts;
    const { environment } = parts;
    const livedMs = environment.now() - (this.#identifiedAtMs ?? environment.now());
    void this.end();
    if (this.#state === 'closed' || !parts.onLost(error)) return;
    this.#failures = failuresAfter({ closeCode: error.closeCode, failures: this.#failures, livedMs });
    const retryInMs = retryDelayMs(this.#failures, this.#parts, environment.random);
    this.#state = 'waiting';
    this.#cancelTimer = environment.after(retryInMs, () => this.connect());
    parts.onState({ state: 'waiting', retryInMs, error });
  }

  /** Reads nothing more, and opens no further connection. The current one stays for the last acks, until `end`. */
  retire(): void {
    if (this.#identifiedAtMs === undefined) void this.end();
    this.#state = 'closed';
  }

  /**
   * Drops the socket at once, because a dead one takes up to a minute to close properly. Resolves when the relay has
   * read everything that was sent, or after a timeout.
   */
  async end(): Promise<void> {
    const socket = this.#socket;
    this.#attempt += 1;
    this.#cancelTimer();
    this.#socket = undefined;
    this.#identifiedAtMs = undefined;
    this.#complaint = undefined;
    await socket?.close();
  }

  async #open(attempt: number): Promise<void> {
    const parts = this.#parts;
    const { environment, url } = parts;
    const identify = await parts.prepareIdentify().catch((error: unknown) => error as PostlineError);
    if (attempt !== this.#attempt) return;
    if (identify instanceof PostlineError) {
      this.lose(identify);
      return;
    }
    try {
      this.#socket = environment.openSocket(url, {
        onOpen: () => {
          this.#state = 'open';
          this.#write(identify);
          this.#listen();
        },
        onText: (text) => this.#onText(text),
        onClose: (closeCode, cause) => this.lose(this.#closeError(closeCode, cause)),
      });
    } catch (cause) {
      this.lose(new PostlineError('cannot_connect', { cause }));
    }
  }

  #closeError(closeCode: number, platformCause: unknown): PostlineError {
    // Without what may be secret in an address.
    const address = this.#parts.url.replace(/[^/]*@|\?.*/g, '');
    const cause = platformCause ?? (this.#state === 'connecting' ? `no relay at ${address}` : undefined);
    return new PostlineError('closed_by_relay', { closeCode, cause, ...this.#complaint });
  }

  #onText(text: string): void {
    const frame = readRelayFrame(text);
    if (frame?.type === 'identified') {
      this.#silenceMsMax = silenceMsMax(frame.heartbeatSeconds);
      this.#identifiedAtMs = this.#parts.environment.now();
    }
    this.#complaint = frame?.type === 'error' ? { relayCode: frame.code, cause: frame.message } : undefined;
    this.#listen();
    // <not in the script>
    this.#parts.events.debug('received', frame ?? text, text);
    // </not in the script>
    if (frame !== undefined && this.#state !== 'closed') this.#parts.onFrame(frame);
  }

  #write(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
    // <not in the script>
    this.#parts.events.debug('sent', 'token' in frame && frame.token ? { ...frame, token: '…' } : frame);
    // </not in the script>
  }

  #listen(): void {
    if (this.#state === 'open') this.#expectWithin(this.#silenceMsMax, 'silent');
  }

  /** The connection counts as broken unless a frame arrives within this time. */
  #expectWithin(milliseconds: number, code: PostlineErrorCode): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.environment.after(milliseconds, () => this.lose(new PostlineError(code)));
  }
}

/** The relay's address as `ws:` or `wss:`. Throws a TypeError if it is invalid. */
export function relayUrl(url: unknown): string {
  return absoluteUrl(url, /^(?:http|ws)s?:\/\//).replace(/^http/, 'ws');
}
