import { type ClientFrame, type IdentifyFrame, readRelayFrame, type RelayFrame } from './frames.ts';
import type { ClientState } from '../client-events.ts';
import type { Environment, RelaySocket } from '../platform/environment.ts';
import { PostlineError, type PostlineErrorCode } from '../postline-error.ts';
import { failuresAfter, type RetryWidths, retryDelayMs, silenceMsMax } from '../retry-policy.ts';
import { absoluteUrl } from '../platform/absolute-url.ts';

/** What a relay is taken for until it says otherwise. */
const HEARTBEAT_SECONDS_DEFAULT = 25;

/** After the network or the page came back: a connection that is alive answers a ping well within this. */
const PONG_MS_MAX = 5_000;

/** What keeps the line asks of the client that it keeps it for. */
interface RelayLinkHost {
  /** Whatever has to be fetched before a connection can be made. Rejects with the reason why none can be. */
  prepareIdentify(): Promise<IdentifyFrame>;
  onFrame(frame: RelayFrame): void;
  onState(state: ClientState): void;
  /** A connection, or an attempt at one, is over. False where another one can't help. */
  onLost(error: PostlineError): boolean;
}

export interface RelayLinkParts extends RetryWidths {
  readonly environment: Environment;
  readonly url: string;
  readonly openMsMax: number;
  readonly host: RelayLinkHost;
}

/**
 * Keeps one connection to the relay, and gets another one whenever it breaks; it notices when the line is dead, also
 * where nobody says so.
 */
export class RelayLink {
  readonly #parts: RelayLinkParts;
  #state: 'connecting' | 'open' | 'paused' | 'waiting' | 'held' | 'closed' = 'connecting';
  #socket: RelaySocket | undefined;
  /** One at a time: the deadline of the connection, or the wait for the next attempt. */
  #cancelTimer: () => void = () => undefined;
  /** Tells an attempt whose token or cursor comes late that it is not wanted any more. */
  #attempt = 0;
  #failures = 0;
  #identifiedAtMs: number | undefined;
  /** The last thing that the relay said, where it was an error: often the reason of the close that follows. */
  #complaint: { readonly relayCode: string; readonly cause: unknown } | undefined;
  #silenceMsMax = silenceMsMax(HEARTBEAT_SECONDS_DEFAULT);

  constructor(parts: RelayLinkParts) {
    this.#parts = parts;
  }

  connect(): void {
    void this.end();
    this.#state = 'connecting';
    this.#parts.host.onState({ state: 'connecting' });
    this.#expectWithin(this.#parts.openMsMax, 'open_timeout');
    void this.#open(this.#attempt);
  }

  /** The network or the page is back: connect at once instead of waiting, or make sure that the connection lives. */
  wake(): void {
    if (this.#state === 'waiting') this.connect();
    if (this.#state !== 'open') return;
    this.send({ type: 'ping' });
    this.#expectWithin(Math.min(PONG_MS_MAX, this.#silenceMsMax), 'silent');
  }

  /** False where there is no connection that the relay has answered on. True says that it was sent, not that it came. */
  send(frame: ClientFrame): boolean {
    this.#socket?.send(JSON.stringify(frame));
    return this.#identifiedAtMs !== undefined;
  }

  /** Too much has come: stop reading, or where the platform can't, do without a connection for a while. */
  hold(): void {
    if (this.#state !== 'open') return;
    if (this.#socket?.pause !== undefined) {
      this.#state = 'paused';
      this.#cancelTimer(); // whoever doesn't listen can't tell silence
      this.#socket.pause();
      return;
    }
    void this.end();
    this.#state = 'held';
    this.#parts.host.onState({ state: 'waiting', retryInMs: null, error: new PostlineError('inbox_full') });
  }

  /** There is room again. */
  release(): void {
    if (this.#state === 'held') this.connect();
    if (this.#state !== 'paused') return;
    this.#state = 'open';
    this.#socket?.resume?.();
    this.#listen();
  }

  /** Gives up on the connection, and gets another one after a while. */
  lose(error: PostlineError): void {
    const { environment, host } = this.#parts;
    const livedMs = this.#identifiedAtMs === undefined ? 0 : environment.now() - this.#identifiedAtMs;
    void this.end();
    if (this.#state === 'closed' || !host.onLost(error)) return;
    this.#failures = failuresAfter({ closeCode: error.closeCode, failures: this.#failures, livedMs });
    const retryInMs = retryDelayMs(this.#failures, this.#parts, environment.random);
    this.#state = 'waiting';
    this.#cancelTimer = environment.after(retryInMs, () => this.connect());
    host.onState({ state: 'waiting', retryInMs, error });
  }

  /** No other connection is made; the one there is stays for what is still to be said, until `end`. */
  retire(): void {
    if (this.#identifiedAtMs === undefined) void this.end();
    this.#state = 'closed';
  }

  /**
   * Lets go of the socket at once: a dead one would take up to a minute to close by the rules. Resolves when the relay
   * has read what was sent, or has not said so in time.
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
    const { environment, url, host } = this.#parts;
    const identify = await host.prepareIdentify().catch((error: unknown) => error as PostlineError);
    if (attempt !== this.#attempt) return;
    if (identify instanceof PostlineError) {
      this.lose(identify);
      return;
    }
    try {
      this.#socket = environment.openSocket(url, {
        onOpen: () => {
          this.#state = 'open';
          this.send(identify);
          this.#listen();
        },
        onText: (text) => this.#onText(text),
        onClose: (closeCode, cause) =>
          this.lose(
            new PostlineError('closed_by_relay', {
              closeCode,
              ...(this.#complaint ?? (cause !== undefined && { cause })),
            }),
          ),
      });
    } catch (cause) {
      this.lose(new PostlineError('cannot_connect', { cause }));
    }
  }

  #onText(text: string): void {
    const frame = readRelayFrame(text);
    if (frame?.type === 'identified') {
      this.#silenceMsMax = silenceMsMax(frame.heartbeatSeconds);
      this.#identifiedAtMs = this.#parts.environment.now();
    }
    this.#complaint = frame?.type === 'error' ? { relayCode: frame.code, cause: frame.message } : undefined;
    this.#listen();
    if (frame !== undefined) this.#parts.host.onFrame(frame);
  }

  #listen(): void {
    if (this.#state === 'open') this.#expectWithin(this.#silenceMsMax, 'silent');
  }

  /** The connection counts as broken unless something comes within this time. */
  #expectWithin(milliseconds: number, code: PostlineErrorCode): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.environment.after(milliseconds, () => this.lose(new PostlineError(code)));
  }
}

/** The relay's address as a WebSocket takes it. Throws a PostlineError where it is none. */
export function relayUrl(url: string | URL): string {
  try {
    return absoluteUrl(url, /^(?:http|ws)s?:\/\//).replace(/^http/, 'ws');
  } catch (cause) {
    throw new PostlineError('cannot_connect', { cause });
  }
}
