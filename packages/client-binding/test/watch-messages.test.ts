import type { ClientState, History, HistoryQuery, Message, PostlineClient } from '@postline/client';
import { PostlineError } from '@postline/client';
import { beforeEach, describe, expect, it } from 'vitest';
import { emptyView, type MessagesOptions, type MessagesView } from '../src/messages-view.ts';
import { watchMessages } from '../src/watch-messages.ts';

const LIVE: ClientState = { state: 'live', connectionId: 'c1' };
const WAITING: ClientState = { state: 'waiting', retryInMs: 1, error: new PostlineError('silent') };

/** The newest messages of a log that has so many. */
function pageOf(
  logLength: number,
  { before = logLength + 1, limit = 50, target = 'anna' }: HistoryQuery,
): History {
  const first = Math.max(before - limit, 1);
  const offsets = Array.from({ length: before - first }, (_, index) => first + index);
  return { messages: offsets.map((offset) => message(String(target), offset)), truncatedBefore: null };
}

function message(targetId: string, offset: number): Message {
  const createdAt = new Date(offset).toISOString();
  return { id: `${targetId}${offset}`, targetId, offset, epoch: 'e', data: '', createdAt, missed: false };
}

/** Emits what the test says, and answers requests for history when the test says so. */
class FakeClient {
  state: ClientState = { state: 'connecting' };
  targets: readonly string[] = [];
  readonly queries: HistoryQuery[] = [];
  readonly #listeners = new Set<readonly [string, (event: never) => unknown]>();
  #answers: ((page: History | PostlineError) => void)[] = [];

  get listenerCount(): number {
    return this.#listeners.size;
  }

  on(name: string, listener: (event: never) => unknown): () => void {
    const registration = [name, listener] as const;
    this.#listeners.add(registration);
    return () => this.#listeners.delete(registration);
  }

  emit(name: string, event: unknown): void {
    for (const [heard, listener] of this.#listeners) if (heard === name) listener(event as never);
  }

  enter(state: ClientState, ...targets: readonly string[]): void {
    this.state = state;
    this.targets = targets;
    this.emit('state', state);
  }

  history(query: HistoryQuery): Promise<History> {
    this.queries.push(query);
    return new Promise((resolve, reject) => {
      this.#answers.push((page) => (page instanceof PostlineError ? reject(page) : resolve(page)));
    });
  }

  /** Answers the oldest request, and waits until the answer was used. */
  async answer(page: History | PostlineError): Promise<void> {
    this.#answers.shift()?.(page);
    await new Promise(setImmediate);
  }
}

let client: FakeClient;
let view: MessagesView;
let errors: PostlineError[];

beforeEach(() => {
  client = new FakeClient();
  errors = [];
});

function watch(options: MessagesOptions): () => void {
  view = emptyView(options);
  return watchMessages({
    client: client as unknown as PostlineClient,
    options,
    onChange: (change) => {
      view = change(view);
    },
    onError: (error) => errors.push(error),
  });
}

const offsets = () => view.messages.map(({ offset }) => offset);

describe('watchMessages', () => {
  it('[BND-2] requests history once per list, when there is a connection, and merges it with the stream', async () => {
    watch({ history: 3 });
    expect(client.queries).toEqual([]);
    client.enter(LIVE, 'anna');
    client.emit('message', message('anna', 6));
    expect([offsets(), view.isLoading]).toEqual([[6], true]);
    await client.answer(pageOf(6, { limit: 3 }));
    expect([offsets(), view.isLoading]).toEqual([[4, 5, 6], false]);
    client.enter(WAITING);
    client.enter(LIVE, 'anna');
    expect(client.queries).toEqual([{ limit: 3 }]);
  });

  it('reads a long history in pages, to the beginning of the log', async () => {
    client.enter(LIVE, 'anna');
    watch({ history: 900 });
    for (const before of [451, 251, 51]) {
      expect(client.queries.at(-1)).toEqual(before === 451 ? { limit: 200 } : { limit: 200, before });
      await client.answer(pageOf(450, { before, limit: 200 }));
    }
    expect(offsets()).toEqual(Array.from({ length: 450 }, (_, index) => index + 1));
    expect([client.queries.length, view.isLoading]).toEqual([3, false]);
  });

  it('stops where the retention rule deleted the rest', async () => {
    client.enter(LIVE, 'anna');
    watch({ history: 500 });
    await client.answer({ ...pageOf(450, { limit: 20 }), truncatedBefore: 431 });
    expect([offsets().length, client.queries.length, view.isLoading]).toEqual([20, 1, false]);
  });

  it('[BND-5] requests no more history than the list keeps', () => {
    client.enter(LIVE, 'anna');
    watch({ history: 100, max: 2 });
    expect(client.queries).toEqual([{ limit: 2 }]);
    for (const offset of [1, 2, 3]) client.emit('message', message('anna', offset));
    expect(offsets()).toEqual([2, 3]);
  });

  it('[BND-6] requests the history of a group when it is followed, and shows only its messages', async () => {
    client.enter(LIVE, 'anna');
    watch({ history: 2, target: 'group:room' });
    expect(client.queries).toEqual([]);
    client.targets = ['anna', 'group:room'];
    client.emit('followed', { targetId: 'group:room' });
    expect(client.queries).toEqual([{ target: 'group:room', limit: 2 }]);
    await client.answer(pageOf(2, { target: 'group:room' }));
    client.emit('message', message('anna', 9));
    client.emit('message', message('group:room', 3));
    expect(offsets()).toEqual([1, 2, 3]);
  });

  it('[BND-7] reports an error of the history, and asks again on the next connection', async () => {
    client.enter(LIVE, 'anna');
    watch({ history: 2 });
    const refused = new PostlineError('relay_error', { relayCode: 'not_followed' });
    await client.answer(refused);
    expect([errors, view.isLoading]).toEqual([[refused], false]);
    client.enter(LIVE, 'anna');
    expect(client.queries.length).toBe(2);
  });

  it('[BND-4] after its end it changes nothing, and reports nothing', async () => {
    client.enter(LIVE, 'anna');
    const stop = watch({ history: 2 });
    stop();
    expect(client.listenerCount).toBe(0);
    const before = view;
    await client.answer(pageOf(2, {}));
    expect(view).toBe(before);
    watch({ history: 2 })();
    await client.answer(new PostlineError('aborted'));
    expect(errors).toEqual([]);
  });

  it('[BND-2] drops messages that a restarted log does not have any more', () => {
    client.enter(LIVE, 'anna');
    watch({});
    for (const offset of [1, 2, 3]) client.emit('message', message('anna', offset));
    client.emit('restarted', { targetId: 'anna', epoch: 'f', lostOffset: 3, offset: 1 });
    client.emit('message', message('anna', 2));
    expect(offsets()).toEqual([1, 2]);
  });
});
