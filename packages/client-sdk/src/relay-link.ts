import type { ClientState } from './client-state.ts';
import type { Environment } from './environment.ts';
import { PostlineError } from './postline-error.ts';
import { failuresAfter, type RetryWidths, retryDelayMs } from './reconnect-policy.ts';
import { type ClientFrame, type IdentifyFrame, RelayConnection } from './relay-connection.ts';
import type { RelayFrame } from './relay-frame.ts';

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

/** Keeps one connection to the relay, and gets another one whenever it breaks. */
export class RelayLink {
  readonly #parts: RelayLinkParts;
  #state: 'idle' | 'connecting' | 'open' | 'waiting' | 'held' | 'closed' = 'idle';
  #connection: RelayConnection | undefined;
  #cancelTimer: () => void = () => undefined;
  /** Tells an attempt whose token or cursor comes late that it is not wanted any more. */
  #attempt = 0;
  #failures = 0;
  #identifiedAtMs: number | undefined;

  constructor(parts: RelayLinkParts) {
    this.#parts = parts;
  }

  connect(): void {
    const { environment, openMsMax, host } = this.#parts;
    this.#letGo();
    this.#state = 'connecting';
    host.onState({ state: 'connecting' });
    this.#cancelTimer = environment.after(openMsMax, () =>
      this.lose(new PostlineError('open_timeout', `There was no connection within ${openMsMax} ms.`)),
    );
    void this.#open(this.#attempt);
  }

  /** The network or the page is back: connect at once instead of waiting, or make sure that the connection lives. */
  wake(): void {
    if (this.#state === 'waiting') this.connect();
    else this.#connection?.probe();
  }

  /** Drops the frame where there is no connection: nothing that a client says needs more. */
  send(frame: ClientFrame): void {
    this.#connection?.send(frame);
  }

  /** The relay has answered: the connection is a good one from here on. */
  onIdentified(): void {
    this.#identifiedAtMs = this.#parts.environment.now();
  }

  /** Too much has come: stop reading, or where the platform can't, do without a connection for a while. */
  hold(): void {
    if (this.#connection === undefined || this.#connection.pause()) return;
    this.#letGo();
    this.#state = 'held';
    const error = new PostlineError('inbox_full', 'Messages come faster than they are handled.');
    this.#parts.host.onState({ state: 'waiting', retryInMs: null, error });
  }

  /** There is room again. */
  release(): void {
    if (this.#state === 'held') this.connect();
    else this.#connection?.resume();
  }

  /** Gives up on the connection, and gets another one after a while. */
  lose(error: PostlineError): void {
    const { environment, host } = this.#parts;
    const livedMs = this.#identifiedAtMs === undefined ? 0 : environment.now() - this.#identifiedAtMs;
    this.#letGo();
    if (this.#state === 'closed' || !host.onLost(error)) return;
    this.#failures = failuresAfter({ closeCode: error.closeCode, failures: this.#failures, livedMs });
    const retryInMs = retryDelayMs(this.#failures, this.#parts, () => environment.random());
    this.#state = 'waiting';
    this.#cancelTimer = environment.after(retryInMs, () => this.connect());
    host.onState({ state: 'waiting', retryInMs, error });
  }

  /** No other connection is made; the one there is stays for what is still to be said, until `end`. */
  retire(): void {
    if (this.#state !== 'open') this.#letGo();
    this.#state = 'closed';
  }

  end(): void {
    this.#letGo();
  }

  async #open(attempt: number): Promise<void> {
    const { environment, url, host } = this.#parts;
    let identify: IdentifyFrame;
    try {
      identify = await host.prepareIdentify();
    } catch (error) {
      if (attempt === this.#attempt) this.lose(error as PostlineError);
      return;
    }
    if (attempt !== this.#attempt) return;
    this.#connection = new RelayConnection({
      environment,
      url,
      identify,
      listener: {
        onOpen: () => {
          this.#state = 'open';
          this.#cancelTimer();
        },
        onFrame: (frame) => host.onFrame(frame),
        onLost: (error) => this.lose(error),
      },
    });
  }

  #letGo(): void {
    this.#attempt += 1;
    this.#cancelTimer();
    this.#connection?.end();
    this.#connection = undefined;
    this.#identifiedAtMs = undefined;
  }
}
