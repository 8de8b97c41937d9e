import {
  type ClientEvents,
  type Cursor,
  type CursorStore,
  type Followed,
  type History,
  type HistoryQuery,
  localStorageCursorStore,
  memoryCursorStore,
  type Message,
  PostlineClient,
  type PostlineError,
  type Truncation,
  type Unfollowed,
} from '@postline/client';
import { createReceivedFrames } from './received-frames.ts';
import { activeClientId, type ConnectionState, connectionState, isConnected } from './connection-state.ts';

/** The start of a connection's stream. */
export interface StreamStart {
  /** Messages from the time without connection, which arrive now. */
  readonly missed: number;
  /** The last offset handled before; undefined if this page was never connected as this client. */
  readonly resumedAfter: number | undefined;
}

export interface PageClientListener {
  onState(state: ConnectionState): void;
  /** After every (re)connect, before the first message. */
  onStreamStart(start: StreamStart): void;
  /** `frame`: the text of the frame that brought it, as it came. */
  onMessage(message: Message, frame: string | undefined): void;
  onTruncated(truncation: Truncation): void;
  /** The log was restarted: messages that were shown may come again. */
  onRestarted(): void;
  /** The targets that this client follows, whenever they change. */
  onTargets(targetIds: readonly string[]): void;
  /** A group was added to an open connection. */
  onFollowed(followed: Followed): void;
  onUnfollowed(unfollowed: Unfollowed): void;
  onError(error: PostlineError): void;
}

export interface PageClientParts {
  readonly relayUrl: string;
  readonly clientId: string;
  readonly cursorStore: CursorStore;
  /** The client's token; empty if there is none. */
  readonly token: () => string;
}

/** Loaded of each target when a client begins that this browser has not seen before, and by "Show earlier messages". */
export const MESSAGES_AT_ONCE = 50;

const NO_HISTORY: History = { messages: [], truncatedBefore: null };

/** The connection of one client of this page. */
export interface PageClient {
  /** Connects, and continues where this tab stopped if it was this client before. */
  readonly connect: () => void;
  readonly disconnect: () => void;
  /** Connects at once instead of waiting. */
  readonly wake: () => void;
  /** Earlier messages; rejects with a PostlineError. Resolves with none if the user has disconnected. */
  readonly history: (query: HistoryQuery) => Promise<History>;
  /** Whether the client is connected or connecting. */
  readonly isActive: () => boolean;
  /** Whether it is, with the token that is typed now. */
  readonly isCurrent: () => boolean;
}

export function createPageClient(parts: PageClientParts, listener: PageClientListener): PageClient {
  const { relayUrl, clientId, cursorStore } = parts;
  const frames = createReceivedFrames();
  const resume = { last: MESSAGES_AT_ONCE };
  const options = { url: relayUrl, clientId, resume, groups: true, debug: frames.debug };
  let current: PostlineClient | undefined;
  let token = '';
  let shown: ConnectionState = { state: 'idle' };

  function leave(): void {
    void current?.close();
    current = undefined;
  }

  function show(state: ConnectionState): void {
    shown = state;
    listener.onState(state);
  }

  function connect(): void {
    leave();
    token = parts.token();
    const watched = watchCursor(cursorStore);
    const client = new PostlineClient({ ...options, cursorStore: watched.store, ...(token && { token }) });
    current = client;
    /** A client that was left may still report its end. */
    function on<Name extends keyof ClientEvents>(
      name: Name,
      listen: (event: ClientEvents[Name]) => void,
    ): void {
      client.on(name, (event) => {
        if (client === current) listen(event);
      });
    }
    show({ state: 'connecting', clientId });
    on('state', (state) => {
      const before = shown;
      show(connectionState(clientId, state));
      listener.onTargets(client.targets);
      if (isConnected(before) || !isConnected(shown)) return;
      const missed = shown.state === 'catching-up' ? shown.missed : 0;
      listener.onStreamStart({ missed, resumedAfter: watched.cursor()?.offsets[clientId] });
    });
    client.on('message', (message) => {
      if (client === current) listener.onMessage(message, frames.take(message));
    });
    on('truncated', (truncation) => listener.onTruncated(truncation));
    on('restarted', () => listener.onRestarted());
    on('followed', (followed) => {
      listener.onTargets(client.targets);
      listener.onFollowed(followed);
    });
    on('unfollowed', (unfollowed) => {
      listener.onTargets(client.targets);
      listener.onUnfollowed(unfollowed);
    });
    on('error', (error) => listener.onError(error));
  }

  const isActive = () => activeClientId(shown) !== undefined;
  return {
    connect,
    disconnect: () => {
      leave();
      show({ state: 'idle' });
      listener.onTargets([]);
    },
    wake: () => current?.wake(),
    history: async (query) => (await current?.history(query)) ?? NO_HISTORY,
    isActive,
    isCurrent: () => isActive() && token === parts.token(),
  };
}

/** Wraps a store, and remembers the last cursor that passed through it. */
function watchCursor(store: CursorStore): { store: CursorStore; cursor: () => Cursor | undefined } {
  let last: Cursor | undefined;
  return {
    cursor: () => last,
    store: {
      load: async (owner) => (last = await store.load(owner)),
      save: (cursor, owner) => {
        last = cursor;
        return store.save?.(cursor, owner);
      },
    },
  };
}

/**
 * Keeps the cursors in the browser's storage, so that a reload continues where the tab stopped. If the browser refuses
 * (for a page from disk, for example), they last as long as the page.
 */
export function pageCursorStore(): CursorStore {
  const page = memoryCursorStore();
  const browser = localStorageCursorStore();
  return {
    load: async (owner) => (await page.load(owner)) ?? (await browser.load(owner)),
    save: async (cursor, owner) => {
      await page.save?.(cursor, owner);
      await browser.save?.(cursor, owner);
    },
  };
}
