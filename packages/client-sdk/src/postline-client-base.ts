import { type CLOSE_CODES, mayReconnect } from '@postline/protocol/close-codes';
import { Acks } from './delivery/acks.ts';
import {
  ClientEventListeners,
  type ClientState,
  type EventListenerOf,
  type EventName,
} from './client-events.ts';
import { type PostlineClientOptions, readSettings } from './client-options.ts';
import { FollowRequests } from './connection/follow-requests.ts';
import { HistoryRequests } from './connection/history-requests.ts';
import type { TargetCursor } from './cursor/cursor.ts';
import { CursorKeeper } from './cursor/cursor-keeper.ts';
import type { Environment } from './platform/environment.ts';
import type { History, HistoryQuery, Message } from './message.ts';
import { MessageDelivery } from './delivery/message-delivery.ts';
import { iterateMessages } from './delivery/message-iterator.ts';
import { PostlineError } from './postline-error.ts';
import type { ClientFrame, RelayFrame } from './connection/frames.ts';
import { RelayLink, relayUrl } from './connection/relay-link.ts';
import { RelaySession } from './relay-session.ts';
import { StreamPosition, type TargetPosition } from './cursor/stream-position.ts';
import { TokenKeeper } from './token/token-keeper.ts';

/** Typed by the table of the close codes, whose other rows a page need not download. */
const TOKEN_EXPIRED: typeof CLOSE_CODES.tokenExpired = 4001;

/**
 * One client of a relay. It connects when it is constructed, and passes every message of its target to the handlers, in
 * order: at least once, once per running client, and exactly once if the application stores cursor and effect together.
 * Options that can never work throw a TypeError; everything later is reported as a PostlineError.
 */
export class PostlineClientBase<Payload = string> implements AsyncIterable<Message<Payload>> {
  readonly #options: PostlineClientOptions<Payload>;
  readonly #events: ClientEventListeners;
  readonly #position = new StreamPosition((targetId) => this.#cursor.forget(targetId));
  readonly #cursor: CursorKeeper;
  readonly #delivery: MessageDelivery<Payload>;
  readonly #acks: Acks;
  readonly #tokens: TokenKeeper;
  readonly #link: RelayLink;
  readonly #requests: FollowRequests;
  // <not in the script>
  readonly #history: HistoryRequests;
  // </not in the script>
  readonly #session: RelaySession;
  readonly #stopHearing: () => void;
  #state: ClientState = { state: 'disconnected' };
  /** The end of the last `disconnect()`; undefined since `connect()`. */
  #disconnected: Promise<void> | undefined = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(options: PostlineClientOptions<Payload>, environment: Environment) {
    const settings = readSettings(options);
    const { cursorStore, signal, autoConnect = true } = options;
    const url = relayUrl(options.url);
    const events = new ClientEventListeners(options.debug);
    this.#options = options;
    this.#events = events;
    this.#cursor = new CursorKeeper({
      store: cursorStore === 'last-ack' ? undefined : cursorStore,
      owner: { clientId: String(options.clientId), relayUrl: url },
      events,
    });
    const parts = {
      ...options,
      ...settings,
      url,
      environment,
      events,
      position: this.#position,
      keeper: this.#cursor,
      send: (frame: ClientFrame) => this.#link.send(frame),
      onMoved: (moved: TargetPosition, offset: number) => {
        this.#position.note(moved, offset);
        this.#acks.note();
      },
      onFatal: (error: PostlineError) => void this.#close(error),
      onEmpty: () => this.#noteCaughtUp(),
      onRoom: () => this.#link.release(),
      prepareIdentify: () => this.#session.prepareIdentify(),
      onFrame: (frame: RelayFrame) => this.#session.onFrame(frame),
      onState: (state: ClientState) => this.#setState(state),
      onLost: (error: PostlineError) => this.#onLost(error),
      onLeft: (targetId: string) => this.#session.leave(targetId, 'unfollowed'),
    };
    this.#delivery = new MessageDelivery(parts);
    this.#tokens = new TokenKeeper(parts);
    this.#link = new RelayLink(parts);
    this.#acks = new Acks(parts);
    this.#requests = new FollowRequests(parts);
    // <not in the script>
    this.#history = new HistoryRequests(parts);
    // </not in the script>
    this.#session = new RelaySession({
      ...parts,
      delivery: this.#delivery,
      tokens: this.#tokens,
      link: this.#link,
      acks: this.#acks,
      requests: this.#requests,
      // <not in the script>
      history: this.#history,
      // </not in the script>
    });
    const stopWaking = environment.onWake(() => this.wake());
    const onAbort = () => void this.close();
    signal?.addEventListener('abort', onAbort);
    this.#stopHearing = () => {
      stopWaking();
      signal?.removeEventListener('abort', onAbort);
    };
    if (signal?.aborted === true) void this.close();
    else if (autoConnect) this.connect();
  }

  /** What the client is doing now; `on('state', …)` reports every change. */
  get state(): ClientState {
    return this.#state;
  }

  /** The targets that this client follows: its own id, and groups. */
  get targets(): readonly string[] {
    return this.#session.targets;
  }

  /**
   * Follows a group (`group:room-7`), from the cursor or else from where this client stopped in it, and again on each
   * connection. Resolves when the relay has confirmed it; rejects with the relay's error (`forbidden`,
   * `too_many_targets`), which is an `error` event too.
   */
  follow(targetId: string, { cursor }: { readonly cursor?: TargetCursor } = {}): Promise<void> {
    return this.#request(targetId, true, cursor);
  }

  /** Stops following a group. Resolves when the relay has confirmed it; then none of its messages reaches a handler. */
  unfollow(targetId: string): Promise<void> {
    this.#acks.flush();
    return this.#request(targetId, false);
  }

  // <not in the script>
  /**
   * Earlier messages of the client's own target, or of a group that it follows; oldest first. Neither the cursor nor the
   * stream changes. Without a connection the request waits for the next one. Rejects with a PostlineError: `relay_error`
   * with the relay's `relayCode` (`not_followed`), `invalid_request`, or why the client has closed.
   */
  async history(query: HistoryQuery = {}): Promise<History<Payload>> {
    this.#refuseIfClosed();
    const { messages, truncatedBefore } = await this.#history.add(query, String(this.#options.clientId));
    const { epoch } = this.#position;
    const parsed = messages.map((entry) => this.#delivery.parse({ ...entry, epoch }, false));
    return { messages: parsed.filter((message) => message !== undefined), truncatedBefore };
  }

  // </not in the script>
  /**
   * Calls the listener at each event of that name, or with each message. Messages are handled one at a time: the next
   * one waits until an async handler resolves, and then the cursor moves. They wait, bounded, until there is a handler.
   * Returns a function that removes the listener. Throws a TypeError for an unknown name.
   */
  on<Name extends EventName>(name: Name, listener: EventListenerOf<Payload, Name>): () => void {
    return this.#listen(name, listener, false);
  }

  // <not in the script>
  /** Like `on`, but only for the first event, or the first message that is handled. */
  once<Name extends EventName>(name: Name, listener: EventListenerOf<Payload, Name>): () => void {
    return this.#listen(name, listener, true);
  }

  /** Removes a listener that was added by `on` or `once`. */
  off<Name extends EventName>(name: Name, listener: EventListenerOf<Payload, Name>): void {
    this.#events.remove(name, listener);
  }

  // </not in the script>
  /**
   * Connects after `disconnect()`, or if `autoConnect` is false; does at once what the client would do later if it waits.
   * Throws a PostlineError if the client is closed.
   */
  connect(): void {
    this.#refuseIfClosed();
    if (this.#disconnected === undefined) return this.wake();
    this.#disconnected = undefined;
    this.#delivery.start();
    this.#link.connect();
  }

  /**
   * Disconnects until `connect()`, which continues after the last message received; meanwhile no handler is called.
   * Resolves as `close()` does.
   */
  disconnect(): Promise<void> {
    return this.#closing ?? (this.#disconnected ??= this.#stop({ state: 'disconnected' }));
  }

  /**
   * Connects at once instead of waiting, or tests an open connection: for a network that is back, or a user's click.
   */
  wake(): void {
    this.#link.wake();
  }

  /**
   * Closes the client for good. Resolves when the running handler has finished (after 5 s at most) and the relay has
   * read the ack of its message. If there is no connection, and acks are the cursor, a later run receives the message
   * again.
   */
  close(): Promise<void> {
    return this.#close(undefined);
  }

  [Symbol.asyncIterator](): AsyncIterator<Message<Payload>, undefined> {
    return iterateMessages<Payload>(this);
  }

  #listen(...registration: Parameters<ClientEventListeners['add']>): () => void {
    const remove = this.#events.add(...registration);
    if (registration[0] === 'message') this.#delivery.wake();
    return remove;
  }

  #request(...request: Parameters<FollowRequests['add']>): Promise<void> {
    const answer = this.#whileOpen(() => this.#requests.add(...request));
    answer.catch(() => undefined); // errors are events too, so a caller may ignore the promise
    return answer;
  }

  /** Rejects if the client is closed. */
  async #whileOpen(request: () => Promise<void>): Promise<void> {
    this.#refuseIfClosed();
    await request();
  }

  #refuseIfClosed(): void {
    if (this.#state.state === 'closed') throw this.#state.error ?? new PostlineError('aborted');
  }

  #setState(state: ClientState): void {
    if (state.state !== 'live') this.#tokens.stopRenewing();
    this.#state = state;
    this.#events.emit('state', state);
  }

  #noteCaughtUp(): void {
    const state = this.#state;
    if (state.state === 'catching-up' && this.#position.isAtHeads())
      this.#setState({ state: 'live', connectionId: state.connectionId });
  }

  /** Whether another connection can help. */
  #onLost(error: PostlineError): boolean {
    const { code, closeCode } = error;
    if (closeCode === TOKEN_EXPIRED && !this.#tokens.forget())
      error = new PostlineError('token_expired', { closeCode });
    else if (closeCode === undefined ? code !== 'cannot_connect' : mayReconnect(closeCode)) return true;
    void this.#close(error);
    return false;
  }

  #close(error: PostlineError | undefined): Promise<void> {
    return (this.#closing ??= this.#finish(error));
  }

  async #finish(error: PostlineError | undefined): Promise<void> {
    this.#stopHearing();
    const isStopped = this.#stop({ state: 'closed', error });
    const reason = error ?? new PostlineError('aborted');
    this.#requests.close(reason);
    // <not in the script>
    this.#history.close(reason);
    // </not in the script>
    if (error !== undefined) this.#events.emit('error', error);
    await isStopped;
  }

  async #stop(state: ClientState): Promise<void> {
    this.#link.retire();
    const isStopped = this.#delivery.stop();
    this.#setState(state);
    await isStopped;
    if (this.#state !== state) return; // it was connected again or closed meanwhile
    this.#acks.flush();
    await this.#link.end();
  }
}
