/** The client library reads back: where it starts, and its history, with a real API, relay and database. */
import {
  type History,
  type HistoryQuery,
  memoryCursorStore,
  type Message,
  PostlineClient,
  type PostlineClientOptions,
  PostlineError,
} from '@postline/client';
import { publish, type ServiceEnvironment, waitUntil } from '@postline/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type GroupServices, join, KINDS } from '../groups/group-services.ts';

const KEPT = 30;
const RETENTION: ServiceEnvironment = {
  RETENTION_MESSAGES_PER_TARGET: String(KEPT),
  RETENTION_INTERVAL_MS: '100',
};

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const offsetsOf = (messages: readonly Message[]) => messages.map(({ offset }) => offset);

/** All pages from the newest to the first one without messages. */
async function readBack(client: PostlineClient, query: HistoryQuery): Promise<History[]> {
  const pages: History[] = [];
  let page = await client.history(query);
  for (
    ;
    page.messages.length > 0;
    page = await client.history({ ...query, before: page.messages[0]!.offset })
  )
    pages.push(page);
  return [...pages, page];
}

describe.each(KINDS)('the client library on $kind', ({ start }) => {
  let services: GroupServices;
  const clients: PostlineClient[] = [];

  beforeAll(async () => {
    services = await start();
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  afterAll(() => services.stop());

  /** Publishes the numbers as texts, one after the other. */
  async function send(targetId: string, from: number, to: number): Promise<void> {
    for (const number of numbers(from, to)) {
      const { status } = await publish(services.apiUrl, { message: `text ${number}`, targetId });
      expect(status).toBe(201);
    }
  }

  function connect(clientId: string, options: Partial<PostlineClientOptions> = {}) {
    const received: Message[] = [];
    const all = { url: services.relayUrl, clientId, ...options } as PostlineClientOptions;
    const client = new PostlineClient(all);
    clients.push(client);
    client.on('message', (message) => received.push(message));
    const offsetsOnce = (count: number) =>
      waitUntil(`${count} messages`, () => received.length >= count && offsetsOf(received));
    return { client, received, offsetsOnce };
  }

  it('[SDK-25] resume "start" receives everything, then what comes, each once', async () => {
    await send('start', 1, 300);
    const { client, received, offsetsOnce } = connect('start', { resume: 'start' });
    await offsetsOnce(300);
    await send('start', 301, 302);
    expect(await offsetsOnce(302)).toEqual(numbers(1, 302));
    expect(received.map(({ data }) => data)).toEqual(numbers(1, 302).map((number) => `text ${number}`));
    expect(received.map(({ missed }) => missed)).toEqual(numbers(1, 302).map((number) => number <= 300));
    expect(client.state.state).toBe('live');
  });

  it('[SDK-25] resume { last: 50 } receives the last 50; a later run continues after its cursor', async () => {
    await send('last', 1, 70);
    const options = { resume: { last: 50 }, cursorStore: memoryCursorStore() };
    const first = connect('last', options);
    expect(await first.offsetsOnce(50)).toEqual(numbers(21, 70));
    await first.client.close();
    await send('last', 71, 72);
    const second = connect('last', options);
    expect(await second.offsetsOnce(2)).toEqual([71, 72]);
    const fewer = connect('last', { resume: { last: 1_000 } });
    expect(await fewer.offsetsOnce(72)).toEqual(numbers(1, 72));
  });

  it('[SDK-25] history is read page by page to the beginning, and moves neither cursor nor stream', async () => {
    await send('pages', 1, 120);
    const { client, received, offsetsOnce } = connect('pages');
    const pages = await readBack(client, { limit: 50 });
    expect(pages.map(({ messages }) => offsetsOf(messages))).toEqual([
      numbers(71, 120),
      numbers(21, 70),
      numbers(1, 20),
      [],
    ]);
    expect(pages.map(({ truncatedBefore }) => truncatedBefore)).toEqual([null, null, null, null]);
    expect(pages[0]?.messages.at(-1)).toEqual({
      id: expect.any(String),
      targetId: 'pages',
      offset: 120,
      epoch: expect.stringMatching(/./),
      data: 'text 120',
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      missed: false,
    });
    expect(await client.history({ target: 'pages', before: 100, limit: 2 })).toMatchObject({
      messages: [{ offset: 98 }, { offset: 99 }],
      truncatedBefore: null,
    });
    expect((await client.history({ limit: 200 })).messages).toHaveLength(120);
    expect(received).toEqual([]);
    await send('pages', 121, 121);
    expect(await offsetsOnce(1)).toEqual([121]);
  });

  it('[SDK-25] several requests at once are all answered, each with its own page', async () => {
    await send('many', 1, 40);
    const { client } = connect('many');
    const asked = numbers(2, 31);
    const pages = await Promise.all(asked.map((before) => client.history({ before, limit: 1 })));
    expect(pages.map(({ messages }) => offsetsOf(messages))).toEqual(asked.map((before) => [before - 1]));
  });

  it('[SDK-25] a target that is not followed is a PostlineError, and the connection stays', async () => {
    await send('group:foreign', 1, 1);
    const { client, offsetsOnce } = connect('outsider');
    const refused: unknown = await client
      .history({ target: 'group:foreign' })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PostlineError);
    expect(refused).toMatchObject({
      code: 'relay_error',
      relayCode: 'not_followed',
      targetId: 'group:foreign',
    });
    await send('outsider', 1, 1);
    expect(await offsetsOnce(1)).toEqual([1]);
    await client.follow('group:foreign');
    expect(offsetsOf((await client.history({ target: 'group:foreign' })).messages)).toEqual([1]);
  });

  it('[SDK-25] a member reads its group back to F, and starts there', async () => {
    await send('group:club', 1, 10);
    await join(services.apiUrl, 'club', 'late');
    await join(services.apiUrl, 'club', 'insider', 'all');
    await join(services.apiUrl, 'club', 'half', { last: 5 });
    await send('group:club', 11, 20);
    for (const [clientId, from] of [
      ['late', 10],
      ['insider', 0],
      ['half', 5],
    ] as const) {
      const { client, offsetsOnce } = connect(clientId, { groups: true, resume: 'start' });
      expect(await offsetsOnce(20 - from)).toEqual(numbers(from + 1, 20));
      const pages = await readBack(client, { target: 'group:club', limit: 6 });
      expect(pages.flatMap(({ messages }) => offsetsOf(messages)).sort((a, b) => a - b)).toEqual(
        numbers(from + 1, 20),
      );
      // What was before F is kept, but not for this member.
      expect(pages.at(-1)?.truncatedBefore).toBe(from === 0 ? null : from + 1);
      expect((await client.history({ target: 'group:club', before: from + 1 })).messages).toEqual([]);
    }
  });
});

describe.each(KINDS)('with retention on $kind', ({ start }) => {
  it('[SDK-25] history says where the log begins now', async () => {
    const services = await start(RETENTION);
    for (let number = 1; number <= 2 * KEPT; number += 1)
      await publish(services.apiUrl, { message: `text ${number}`, targetId: 'kept' });
    const client = new PostlineClient({ url: services.relayUrl, clientId: 'kept' });
    await waitUntil('the rest is deleted', async () => {
      const { messages } = await client.history({ limit: 200 });
      return messages.length === KEPT;
    });
    const pages = await readBack(client, { limit: 20 });
    expect(pages.map(({ messages }) => offsetsOf(messages))).toEqual([
      numbers(KEPT + 11, 2 * KEPT),
      numbers(KEPT + 1, KEPT + 10),
      [],
    ]);
    expect(pages.map(({ truncatedBefore }) => truncatedBefore)).toEqual([null, KEPT + 1, KEPT + 1]);
    await client.close();
    await services.stop();
  });
});
