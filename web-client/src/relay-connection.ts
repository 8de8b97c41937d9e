import { jsonId } from './client-id.ts';
import { explainClose } from './close-explanation.ts';
import { failuresAfterClose, mayReconnect, retryDelayMs, silenceLimitMs } from './reconnect-policy.ts';
import { type IdentifiedFrame, type NewMessageFrame, readRelayFrame } from './relay-frame.ts';
import { type MessageOrigin, StreamPosition, type StreamStart } from './stream-position.ts';

/** For the connection itself. */
const OPEN_WITHIN_MS = 15_000;

/** What a relay is taken for until it says otherwise. One whose database is away identifies nobody, but it beats. */
const HEARTBEAT_SECONDS_DEFAULT = 25;

/** After the network or the tab came back: a connection that is alive answers a ping well within this. */
const PONG_WITHIN_MS = 5_000;

/** What a browser reports where no close frame came: the connection broke. Used as well where this page gives up. */
const CLOSED_ABNORMALLY = 1006;

export type ConnectionState =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting'; readonly clientId: string }
  | { readonly state: 'connected'; readonly clientId: string }
  | {
      readonly state: 'waiting';
      readonly clientId: string;
      readonly retryInMs: number;
      readonly reason: string;
    }
  | { readonly state: 'stopped'; readonly clientId: string; readonly reason: string };

/** What a page hears of its connection. None of these may throw. */
export interface RelayConnectionListener {
  onState(state: ConnectionState): void;
  /** After every (re)connect, before the first message. */
  onStreamStart(start: StreamStart): void;
  onMessage(message: NewMessageFrame, origin: MessageOrigin): void;
  /** The messages `from` to `to` no longer exist. */
  onTruncated(from: number, to: number): void;
  /** The relay told of an error; a close usually follows. */
  onRelayError(code: string, message: string): void;
}

/** All that the rest of the page knows of how messages get here. */
export interface RelayConnection {
  /** Connects as this client. The same id again goes on where it stopped; another id starts afresh. */
  connect(clientId: string): void;
  disconnect(): void;
  /** The network or the tab came back: connect at once instead of waiting, or make sure that the connection lives. */
  wake(): void;
}

export function createRelayConnection(url: string, listener: RelayConnectionListener): RelayConnection {
  return new ReconnectingSocket(url, listener);
}

class ReconnectingSocket implements RelayConnection {
  readonly #url: string;
  readonly #listener: RelayConnectionListener;
  #clientId = '';
  #position = new StreamPosition();
  #state: ConnectionState['state'] = 'idle';
  #socket: WebSocket | undefined;
  /** One timer at a time: the deadline of the socket, or the wait for the next attempt. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #identifiedAtMs: number | undefined;
  #silenceLimitMs = silenceLimitMs(HEARTBEAT_SECONDS_DEFAULT);

  constructor(url: string, listener: RelayConnectionListener) {
    this.#url = url;
    this.#listener = listener;
  }

  connect(clientId: string): void {
    this.#letGo();
    if (clientId !== this.#clientId) this.#position = new StreamPosition();
    this.#clientId = clientId;
    this.#failures = 0;
    this.#open();
  }

  disconnect(): void {
    this.#letGo();
    this.#tell({ state: 'idle' });
  }

  wake(): void {
    if (this.#state === 'waiting') {
      this.#open();
    } else if (this.#state === 'connected' && this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify({ type: 'ping' }));
      this.#expectWithin(Math.min(PONG_WITHIN_MS, this.#silenceLimitMs));
    }
  }

  #open(): void {
    this.#letGo();
    this.#tell({ state: 'connecting', clientId: this.#clientId });
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      if (socket !== this.#socket) return;
      socket.send(this.#identifyFrame());
      this.#expectWithin(this.#silenceLimitMs);
    });
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (socket === this.#socket && typeof data === 'string') this.#onFrame(data);
    });
    socket.addEventListener('close', ({ code }) => {
      if (socket === this.#socket) this.#onClosed(code, explainClose(code));
    });
    this.#expectWithin(OPEN_WITHIN_MS);
  }

  #identifyFrame(): string {
    const resume = this.#position.resume();
    return JSON.stringify({
      type: 'identify',
      clientId: jsonId(this.#clientId),
      ...(resume !== undefined && { resume }),
    });
  }

  #onFrame(text: string): void {
    this.#expectWithin(this.#silenceLimitMs);
    const frame = readRelayFrame(text);
    switch (frame?.type) {
      case 'identified':
        this.#onIdentified(frame);
        break;
      case 'new_message':
        this.#onNewMessage(frame);
        break;
      case 'truncated':
        this.#position.skip(frame);
        this.#listener.onTruncated(frame.from, frame.to);
        break;
      case 'error':
        this.#listener.onRelayError(frame.code, frame.message);
        break;
      case 'heartbeat':
      case 'pong':
      case undefined:
        break; // that something came is all there is to them
    }
  }

  #onIdentified(frame: IdentifiedFrame): void {
    this.#identifiedAtMs = performance.now();
    this.#silenceLimitMs = silenceLimitMs(frame.heartbeatSeconds);
    this.#expectWithin(this.#silenceLimitMs);
    const start = this.#position.begin(frame);
    this.#tell({ state: 'connected', clientId: this.#clientId });
    this.#listener.onStreamStart(start);
  }

  #onNewMessage(frame: NewMessageFrame): void {
    const place = this.#position.place(frame);
    if (place === 'repeat') return;
    if (place === 'gap') {
      // Never skipped over silently: the relay is asked again from the last message that was shown.
      this.#onClosed(CLOSED_ABNORMALLY, `Message ${frame.offset} came before the one it follows.`);
      return;
    }
    this.#listener.onMessage(frame, place);
  }

  #onClosed(code: number, reason: string): void {
    const livedMs = this.#identifiedAtMs === undefined ? 0 : performance.now() - this.#identifiedAtMs;
    this.#letGo();
    if (!mayReconnect(code)) {
      this.#tell({ state: 'stopped', clientId: this.#clientId, reason });
      return;
    }
    this.#failures = failuresAfterClose({ code, failures: this.#failures, livedMs });
    const retryInMs = retryDelayMs(this.#failures, Math.random);
    this.#tell({ state: 'waiting', clientId: this.#clientId, retryInMs, reason });
    this.#timer = setTimeout(() => {
      this.#open();
    }, retryInMs);
  }

  /** The connection counts as broken unless something comes within this time. */
  #expectWithin(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#onClosed(CLOSED_ABNORMALLY, 'The relay has been silent for too long.');
    }, milliseconds);
  }

  /** Forgets the socket at once: a dead one would take up to a minute to close by the rules. */
  #letGo(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    this.#identifiedAtMs = undefined;
    socket?.close();
  }

  #tell(state: ConnectionState): void {
    this.#state = state.state;
    this.#listener.onState(state);
  }
}
