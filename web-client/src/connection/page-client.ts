import {
  type ClientEvents,
  type Cursor,
  type CursorStore,
  type Followed,
  localStorageCursorStore,
  memoryCursorStore,
  type Message,
  PostlineClient,
  type PostlineError,
  type Truncation,
  type Unfollowed,
} from '@postline/client';
import { type ConnectionState, connectionState, isConnected } from './connection-state.ts';

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
  onMessage(message: Message): void;
  onTruncated(truncation: Truncation): void;
  /** The log was restarted: messages that were shown may come again. */
  onRestarted(): void;
  /** The targets that this page follows, whenever they change. */
  onTargets(targetIds: readonly string[]): void;
  /** A group was added to an open connection. */
  onFollowed(followed: Followed): void;
  onUnfollowed(unfollowed: Unfollowed): void;
  onError(error: PostlineError): void;
}

/** The page's connection: one client at a time, chosen by the user. */
export interface PageClient {
  /** Connects as this client, and continues where this tab stopped if it was this client before. */
  connect(clientId: string): void;
  disconnect(): void;
  /** Connects at once instead of waiting. */
  wake(): void;
}

export function createPageClient(relayUrl: string, listener: PageClientListener): PageClient {
  const cursorStore = pageCursorStore();
  let current: PostlineClient | undefined;

  function leave(): void {
    const left = current;
    current = undefined;
    void left?.close();
  }

  function connect(clientId: string): void {
    leave();
    const watched = watchCursor(cursorStore);
    const client = new PostlineClient({ url: relayUrl, clientId, cursorStore: watched.store, groups: true });
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
    let shown: ConnectionState = { state: 'connecting', clientId };
    listener.onState(shown);
    on('state', (state) => {
      const before = shown;
      shown = connectionState(clientId, state);
      listener.onState(shown);
      listener.onTargets(client.targets);
      if (isConnected(before) || !isConnected(shown)) return;
      const missed = shown.state === 'catching-up' ? shown.missed : 0;
      listener.onStreamStart({ missed, resumedAfter: watched.cursor()?.offsets[clientId] });
    });
    client.on('message', (message) => {
      if (client === current) listener.onMessage(message);
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

  return {
    connect,
    disconnect: () => {
      leave();
      listener.onState({ state: 'idle' });
      listener.onTargets([]);
    },
    wake: () => current?.wake(),
  };
}

/** Wraps a store, and remembers the last cursor that passed through it. */
function watchCursor(store: Required<CursorStore>): { store: CursorStore; cursor: () => Cursor | undefined } {
  let last: Cursor | undefined;
  return {
    cursor: () => last,
    store: {
      load: async (owner) => (last = await store.load(owner)),
      save: (cursor, owner) => {
        last = cursor;
        return store.save(cursor, owner);
      },
    },
  };
}

/**
 * Keeps the cursors in the browser's storage, so that a reload continues where the tab stopped. If the browser refuses
 * (for a page from disk, for example), they last as long as the page.
 */
function pageCursorStore(): Required<CursorStore> {
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
