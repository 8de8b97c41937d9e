import type { IdentifiedFrame, NewMessageFrame } from '@postline/protocol';
import { mayReconnect } from '@postline/protocol/close-codes';
import { Acks } from './acks.ts';
import { type ClientEvents, ClientEventListeners } from './client-events.ts';
import { type PostlineClientOptions, readSettings } from './client-options.ts';
import type { ClientState } from './client-state.ts';
import { CursorKeeper } from './cursor-keeper.ts';
import type { Environment } from './environment.ts';
import type { InboxStep } from './inbox-step.ts';
import { memoryCursorStore } from './memory-cursor-store.ts';
import type { Message } from './message.ts';
import { MessageDelivery } from './message-delivery.ts';
import type { MessageHandler } from './message-handlers.ts';
import { MessageIterator } from './message-iterator.ts';
import { PostlineError } from './postline-error.ts';
import type { IdentifyFrame } from './relay-connection.ts';
import type { RelayFrame } from './relay-frame.ts';
import { RelayLink } from './relay-link.ts';
import { relayUrl } from './relay-url.ts';
import { StreamPosition } from './stream-position.ts';
import { TokenKeeper } from './token-keeper.ts';

const TOKEN_EXPIRED = 4001;

/**
 * One client of a relay: connects when it is made, and from then on hands over every message of its target, in order.
 * At least once; exactly once where the application stores cursor and effect together, and per running client without
 * it.
 */
export class PostlineClientBase<Payload = string> implements AsyncIterable<Message<Payload>> {
  readonly #options: PostlineClientOptions<Payload>;
  readonly #listeners = new ClientEventListeners();
  readonly #position = new StreamPosition();
  readonly #cursor: CursorKeeper;
  readonly #delivery: MessageDelivery<Payload>;
  readonly #acks: Acks;
  readonly #tokens: TokenKeeper;
  readonly #link: RelayLink;
  readonly #stopHearing: () => void;
  #state: ClientState = { state: 'connecting' };
  #isCursorLoaded = false;
  /** Whether the relay was told where to go on from. */
  #hasAskedToResume = false;
  /** How many restarts of the logs there were: an ack from before one is not for the logs after it. */
  #restarts = 0;
  #closing: Promise<void> | undefined;

  constructor(options: PostlineClientOptions<Payload>, environment: Environment) {
    const { cursorStore = memoryCursorStore(), deviceId, token, signal } = options;
    if (cursorStore === 'last-ack' && deviceId === undefined)
      throw new TypeError('cursorStore "last-ack" needs a deviceId');
    const settings = readSettings(options);
    const url = relayUrl(options.url);
    const onError = (error: PostlineError) => this.#listeners.tell('error', error);
    this.#options = options;
    this.#cursor = new CursorKeeper({
      store: cursorStore === 'last-ack' ? memoryCursorStore() : cursorStore,
      owner: { clientId: String(options.clientId), relayUrl: url },
      onFailed: onError,
    });
    this.#delivery = new MessageDelivery({
      ...settings,
      environment,
      cursor: this.#cursor,
      parser: options.parse,
      listener: {
        onMoved: (targetId, offset, restarts) => {
          if (restarts === this.#restarts) this.#acks.note(targetId, offset);
        },
        onRestarted: (restart) => this.#listeners.tell('restarted', restart),
        onTruncated: (truncation) => this.#listeners.tell('truncated', truncation),
        onError,
        onFatal: (error) => void this.#close(error),
        onEmpty: () => this.#noteCaughtUp(),
        onRoom: () => this.#link.release(),
      },
    });
    this.#tokens = new TokenKeeper({
      ...settings,
      environment,
      token,
      onRenewed: (fresh) => this.#link.send({ type: 'token', token: fresh }),
      onFailed: onError,
    });
    this.#link = new RelayLink({
      ...settings,
      environment,
      url,
      host: {
        prepareIdentify: () => this.#prepareIdentify(),
        onFrame: (frame) => this.#onFrame(frame),
        onState: (state) => {
          this.#onDisconnected();
          this.#setState(state);
        },
        onLost: (error) => this.#onLost(error),
      },
    });
    this.#acks = new Acks({
      environment,
      intervalMs: settings.ackIntervalMs,
      send: (targetId, offset) => this.#link.send({ type: 'ack', targetId, offset }),
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

  /** What the client is doing now; `on('state', …)` tells of every change. */
  get state(): ClientState {
    return this.#state;
  }

  /**
   * Calls the handler with each message, one after the other: an async handler's next message waits for it, and the
   * cursor moves when it has resolved. Messages wait (bounded) until there is a handler. Gives a function that ends it.
   */
  on(event: 'message', handler: MessageHandler<Payload>): () => void;
  /** Calls the listener whenever something of that kind happens. Gives a function that ends it. */
  on<Name extends keyof ClientEvents>(event: Name, listener: (event: ClientEvents[Name]) => void): () => void;
  on(event: 'message' | keyof ClientEvents, listener: (event: never) => void): () => void {
    if (event === 'message') return this.#delivery.handlers.add(listener as MessageHandler<Payload>);
    return this.#listeners.add(event, listener as (event: unknown) => void);
  }

  /** The network is back, or the user asks: connects at once instead of waiting, or makes sure that the line lives. */
  wake(): void {
    this.#link.wake();
  }

  /** Ends it for good. Resolves when the handler at work has ended (or after 5 s), and its message is acked. */
  close(): Promise<void> {
    return this.#close(undefined);
  }

  [Symbol.asyncIterator](): AsyncIterator<Message<Payload>, undefined> {
    return new MessageIterator<Payload>({
      addHandler: (handler) => this.#delivery.handlers.add(handler),
      onClosed: (listener) => this.#onClosed(listener),
    });
  }

  #onClosed(listener: (error: PostlineError | undefined) => void): () => void {
    if (this.#state.state === 'closed') listener(this.#state.error);
    return this.#listeners.add('state', (state) => {
      if (state.state === 'closed') listener(state.error);
    });
  }

  #setState(state: ClientState): void {
    this.#state = state;
    this.#listeners.tell('state', state);
  }

  async #prepareIdentify(): Promise<IdentifyFrame> {
    const { clientId, deviceId, cursorStore, resume: start } = this.#options;
    try {
      const cursor = this.#isCursorLoaded ? undefined : ((await this.#cursor.load()) ?? start);
      if (!this.#isCursorLoaded && cursor !== undefined) this.#position.goOnFrom(cursor);
      this.#isCursorLoaded = true;
      const token = await this.#tokens.current();
      const resume = this.#position.resume() ?? (cursorStore === 'last-ack' ? cursorStore : undefined);
      this.#hasAskedToResume = resume !== undefined;
      return {
        type: 'identify',
        clientId: String(clientId),
        ...(token !== undefined && { token }),
        ...(deviceId !== undefined && { deviceId }),
        ...(resume !== undefined && { resume }),
      };
    } catch (error) {
      this.#listeners.tell('error', error as PostlineError);
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
      case 'truncated':
        if (this.#position.skip(frame)) this.#receive({ kind: 'truncated', frame, restarts: this.#restarts });
        return;
      case 'error': {
        const error = new PostlineError('relay_error', frame.message, { relayCode: frame.code });
        return this.#listeners.tell('error', error);
      }
      case 'heartbeat':
      case 'pong':
        return; // that something came is all there is to them
    }
  }

  #onIdentified(frame: IdentifiedFrame): void {
    const start = this.#position.begin(frame, this.#hasAskedToResume);
    if (start.restarts.length > 0) {
      this.#restarts += 1;
      this.#acks.forget();
    }
    this.#link.onIdentified();
    this.#tokens.startRenewing();
    this.#acks.setConnected(true);
    const { connectionId } = frame;
    const { missed } = start;
    const isBehind = missed > 0 || !this.#delivery.isEmpty;
    this.#setState(
      isBehind ? { state: 'catching-up', connectionId, missed } : { state: 'live', connectionId },
    );
    this.#receive({ kind: 'start', start });
  }

  #onNewMessage(frame: NewMessageFrame): void {
    const place = this.#position.place(frame);
    if (place === 'repeat') return;
    if (place === 'gap') {
      // Never passed over silently: the relay is asked again from the last message that was received.
      const words = `Message ${frame.offset} came before the one it follows.`;
      return this.#link.lose(new PostlineError('gap', words));
    }
    this.#receive({ kind: 'message', frame, missed: place === 'missed', restarts: this.#restarts });
  }

  #receive(step: InboxStep): void {
    if (!this.#delivery.push(step)) this.#link.hold();
  }

  #noteCaughtUp(): void {
    const state = this.#state;
    if (state.state === 'catching-up' && this.#position.isAtHeads())
      this.#setState({ state: 'live', connectionId: state.connectionId });
  }

  /** There is no connection, whoever ended it, and nothing is to be said on it. */
  #onDisconnected(): void {
    this.#acks.setConnected(false);
    this.#tokens.stopRenewing();
  }

  /** Whether another connection is worth trying. */
  #onLost(error: PostlineError): boolean {
    const { closeCode } = error;
    if (closeCode === TOKEN_EXPIRED) this.#tokens.forget();
    if (closeCode === undefined || mayReconnect(closeCode)) {
      if (closeCode !== TOKEN_EXPIRED || this.#tokens.canRenew) return true;
      error = new PostlineError('token_expired', error.message, { closeCode });
    }
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
    if (error !== undefined) this.#listeners.tell('error', error);
    await isStopped;
    this.#acks.flush();
    this.#link.end();
  }
}
