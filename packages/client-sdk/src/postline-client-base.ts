import type { FollowedFrame, IdentifiedFrame, NewMessageFrame, UnfollowedFrame } from '@postline/protocol';
import { type CLOSE_CODES, mayReconnect } from '@postline/protocol/close-codes';
import { Acks } from './delivery/acks.ts';
import { ClientEventListeners, type ClientEvents, type ClientState } from './client-events.ts';
import { type PostlineClientOptions, readSettings } from './client-options.ts';
import { FollowRequests } from './connection/follow-requests.ts';
import { isCursor, type TargetCursor } from './cursor/cursor.ts';
import { CursorKeeper } from './cursor/cursor-keeper.ts';
import type { Environment } from './platform/environment.ts';
import type { InboxStep } from './delivery/inbox.ts';
import type { Message } from './message.ts';
import { MessageDelivery } from './delivery/message-delivery.ts';
import type { MessageHandler } from './delivery/message-handlers.ts';
import { iterateMessages } from './delivery/message-iterator.ts';
import { PostlineError } from './postline-error.ts';
import type { IdentifyFrame, RelayFrame } from './connection/frames.ts';
import { RelayLink, relayUrl } from './connection/relay-link.ts';
import { StreamPosition } from './cursor/stream-position.ts';
import { TokenKeeper } from './token/token-keeper.ts';

/** Typed by the table of the close codes, whose other rows a page need not download. */
const TOKEN_EXPIRED: typeof CLOSE_CODES.tokenExpired = 4001;

/**
 * One client of a relay. It connects when it is constructed, and passes every message of its target to the handlers, in
 * order: at least once, once per running client, and exactly once if the application stores cursor and effect together.
 */
export class PostlineClientBase<Payload = string> implements AsyncIterable<Message<Payload>> {
  readonly #options: PostlineClientOptions<Payload>;
  readonly #events = new ClientEventListeners();
  readonly #position = new StreamPosition((targetId) => this.#cursor.forget(targetId));
  readonly #cursor: CursorKeeper;
  readonly #delivery: MessageDelivery<Payload>;
  readonly #acks: Acks;
  readonly #tokens: TokenKeeper;
  readonly #link: RelayLink;
  readonly #requests: FollowRequests;
  /** The followed targets, as the application knows them. */
  readonly #followed = new Set<string>();
  readonly #stopHearing: () => void;
  #state: ClientState = { state: 'connecting' };
  #isCursorLoaded = false;
  /** Whether `identify` named a position to resume from. */
  #hasAskedToResume = false;
  #closing: Promise<void> | undefined;

  constructor(options: PostlineClientOptions<Payload>, environment: Environment) {
    const { cursorStore, signal, resume } = options;
    const url = relayUrl(options.url);
    if (resume !== undefined && !isCursor(resume))
      throw new PostlineError('cannot_connect', { cause: 'not a cursor' });
    const events = this.#events;
    const shared = { ...options, ...readSettings(options), url, environment, events };
    this.#options = options;
    this.#cursor = new CursorKeeper({
      store: cursorStore === 'last-ack' ? undefined : cursorStore,
      owner: { clientId: String(options.clientId), relayUrl: url },
      events,
    });
    this.#delivery = new MessageDelivery({
      ...shared,
      keeper: this.#cursor,
      onMoved: (position, offset) => {
        this.#position.note(position, offset);
        this.#acks.note();
      },
      onFatal: (error) => void this.#close(error),
      onEmpty: () => this.#noteCaughtUp(),
      onRoom: () => this.#link.release(),
    });
    this.#tokens = new TokenKeeper({
      ...shared,
      onRenewed: (token) => void this.#link.send({ type: 'token', token }),
    });
    this.#link = new RelayLink({
      ...shared,
      host: {
        prepareIdentify: () => this.#prepareIdentify(),
        onFrame: (frame) => this.#onFrame(frame),
        onState: (state) => {
          this.#tokens.stopRenewing();
          this.#setState(state);
        },
        onLost: (error) => this.#onLost(error),
      },
    });
    this.#acks = new Acks({
      ...shared,
      positions: () => this.#position.all(),
      send: (targetId, offset) => this.#link.send({ type: 'ack', targetId, offset }),
    });
    this.#requests = new FollowRequests({
      send: (frame) => this.#link.send(frame),
      onLeft: (targetId, cause) => this.#leave(targetId, cause),
      cursorOf: (targetId) => this.#position.cursorOf(targetId),
    });
    const stopWaking = environment.onWake(() => this.wake());
    const onAbort = () => void this.close();
    signal?.addEventListener('abort', onAbort);
    this.#stopHearing = () => {
      stopWaking();
      signal?.removeEventListener('abort', onAbort);
    };
    if (signal?.aborted === true) void this.close();
    else this.#link.connect();
  }

  /** What the client is doing now; `on('state', …)` reports every change. */
  get state(): ClientState {
    return this.#state;
  }

  /** The targets that this client follows: its own id, and groups. */
  get targets(): readonly string[] {
    return [...this.#followed];
  }

  /**
   * Follows a group (`group:room-7`), from the cursor or else from where this client stopped in it, and again on each
   * connection. Resolves when the relay has confirmed it; rejects with the relay's error (`forbidden`,
   * `too_many_targets`), which is an `error` event too.
   */
  follow(targetId: string, { cursor }: { readonly cursor?: TargetCursor } = {}): Promise<void> {
    return this.#requests.add(targetId, true, cursor);
  }

  /** Stops following a group. Resolves when the relay has confirmed it; then none of its messages reaches a handler. */
  unfollow(targetId: string): Promise<void> {
    this.#acks.flush();
    return this.#requests.add(targetId, false);
  }

  /**
   * Calls the handler with each message, one at a time: the next message waits until an async handler resolves, and
   * then the cursor moves. Messages wait, bounded, until there is a handler. Returns a function that removes it.
   */
  on(event: 'message', handler: MessageHandler<Payload>): () => void;
  /** Calls the listener at each event of that name. Returns a function that removes it. */
  on<Name extends keyof ClientEvents>(
    event: Name,
    listener: (event: ClientEvents[Name]) => unknown,
  ): () => void;
  on(event: 'message' | keyof ClientEvents, listener: (event: never) => unknown): () => void {
    if (event === 'message') return this.#delivery.handlers.add(listener as MessageHandler<Payload>);
    return this.#events.add(event, listener as () => unknown);
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
    return iterateMessages<Payload>({
      addHandler: (handler) => this.#delivery.handlers.add(handler),
      onClosed: (listener) => this.#onClosed(listener),
    });
  }

  #onClosed(listener: (error: PostlineError | undefined) => void): () => void {
    if (this.#state.state === 'closed') listener(this.#state.error);
    return this.#events.add('state', (state) => {
      if (state.state === 'closed') listener(state.error);
    });
  }

  #setState(state: ClientState): void {
    this.#state = state;
    this.#events.emit('state', state);
  }

  async #prepareIdentify(): Promise<IdentifyFrame> {
    const { clientId, deviceId, groups, cursorStore, resume: start } = this.#options;
    try {
      if (!this.#isCursorLoaded) {
        const cursor = (await this.#cursor.load()) ?? start;
        if (cursor !== undefined) this.#position.resumeFrom(cursor);
        this.#isCursorLoaded = true;
      }
      const token = await this.#tokens.current();
      const resume = this.#position.resume() ?? (cursorStore === 'last-ack' ? cursorStore : undefined);
      this.#hasAskedToResume = resume !== undefined;
      return { type: 'identify', clientId: String(clientId), token, deviceId, groups, resume };
    } catch (error) {
      this.#events.emit('error', error as PostlineError);
      throw error;
    }
  }

  #onFrame(frame: RelayFrame): void {
    if (this.#closing !== undefined) return;
    switch (frame.type) {
      case 'identified':
        return this.#onIdentified(frame);
      case 'new_message':
        return this.#onNewMessage(frame);
      case 'truncated': {
        const position = this.#position.skip(frame);
        if (position !== undefined) this.#receive({ kind: 'truncated', frame, position });
        return;
      }
      case 'followed':
        return this.#onFollowed(frame);
      case 'unfollowed':
        return this.#onUnfollowed(frame);
      case 'error':
        return this.#onError(frame);
      case 'history':
      case 'token_accepted':
      case 'heartbeat':
      case 'pong':
        return; // any frame resets the silence timer
    }
  }

  #onIdentified(frame: IdentifiedFrame): void {
    const { connectionId, epoch } = frame;
    const wanted = [...frame.targets].filter(([targetId]) => this.#requests.wants(targetId) !== false);
    const targets = new Map(wanted);
    const { missed, restarts, place } = this.#position.begin({ epoch, targets }, this.#hasAskedToResume);
    this.#tokens.startRenewing();
    this.#acks.repeat();
    const isBehind = missed > 0 || !this.#delivery.isEmpty;
    this.#noteTargets(targets);
    this.#setState(
      isBehind ? { state: 'catching-up', connectionId, missed } : { state: 'live', connectionId },
    );
    this.#receive({ kind: 'start', restarts, moveCursor: () => this.#cursor.start(place) });
    this.#requests.repeat(frame.targets);
  }

  /** Reports groups that the client left while there was no connection. */
  #noteTargets(targets: IdentifiedFrame['targets']): void {
    for (const targetId of this.#followed) {
      const isWanted = this.#requests.wants(targetId);
      if (!targets.has(targetId) && !isWanted)
        this.#leave(targetId, isWanted === undefined ? 'left' : 'unfollowed');
    }
    for (const targetId of targets.keys()) this.#followed.add(targetId);
  }

  #onFollowed(frame: FollowedFrame): void {
    const resumed = this.#requests.onFollowed(frame);
    const { type, ...followed } = frame;
    const { targetId, offset, recovered } = followed;
    const position = this.#position.follow(frame);
    if (position !== undefined) {
      const { epoch } = position;
      this.#receive({
        kind: 'start',
        restarts: resumed && !recovered ? [{ targetId, epoch, lostOffset: resumed.offset, offset }] : [],
        moveCursor: () => this.#cursor.move(targetId, offset),
      });
    }
    this.#acks.flush();
    if (this.#followed.has(targetId)) return; // again, after a reconnect
    this.#followed.add(targetId);
    this.#events.emit('followed', followed);
  }

  #onUnfollowed(frame: UnfollowedFrame): void {
    this.#requests.onUnfollowed(frame);
    this.#leave(frame.targetId, frame.cause);
  }

  #leave(targetId: string, cause: UnfollowedFrame['cause']): void {
    this.#position.unfollow(targetId);
    if (this.#followed.delete(targetId)) this.#events.emit('unfollowed', { targetId, cause });
  }

  #onError({ code, message, targetId }: Extract<RelayFrame, { type: 'error' }>): void {
    const error = new PostlineError('relay_error', { relayCode: code, targetId, cause: message });
    if (targetId !== undefined && this.#requests.onError(error)) this.#leave(targetId, 'token');
    this.#events.emit('error', error);
  }

  #onNewMessage(frame: NewMessageFrame): void {
    const position = this.#position.place(frame);
    if (position === 'repeat') return;
    if (position === 'gap') {
      // Never skipped silently: the next connection resumes after the last message that was received.
      return this.#link.lose(new PostlineError('gap'));
    }
    const missed = frame.offset <= (position.head ?? 0);
    this.#receive({ kind: 'message', frame, missed, position });
  }

  #receive(step: InboxStep): void {
    if (!this.#delivery.push(step)) this.#link.hold();
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
    this.#tokens.stopRenewing();
    this.#link.retire();
    const isStopped = this.#delivery.stop();
    this.#setState({ state: 'closed', error });
    this.#requests.close(error ?? new PostlineError('aborted'));
    if (error !== undefined) this.#events.emit('error', error);
    await isStopped;
    this.#acks.flush();
    await this.#link.end();
  }
}
