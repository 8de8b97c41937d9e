/** @postline/react and @postline/vue from their tarballs, in applications that Vite builds, with a real API and relay. */
import {
  type Browser,
  launchChromium,
  type Page,
  publish,
  type StandaloneProcess,
  startStandalone,
  TcpProxy,
  waitUntil,
} from '@postline/test-support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openPage } from '../browser/opened-page.ts';
import { type BuiltApp, buildApp } from './built-app.ts';

let postline: StandaloneProcess;
/** The pages' way to the relay; it counts their connections. */
let proxy: TcpProxy;
let relayUrl: string;
let browser: Browser;

beforeAll(async () => {
  postline = await startStandalone();
  proxy = await TcpProxy.start(Number(new URL(postline.relayUrl).port));
  relayUrl = proxy.urlThrough(postline.relayUrl);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await proxy.close();
  await postline.stop();
});

interface Shown {
  readonly client: Readonly<Record<string, unknown>>;
  readonly lists: readonly { readonly name: string; readonly [option: string]: unknown }[];
  /** Returned by the client's token function. */
  readonly token?: unknown;
}

/** One page of an application, and what the test sees of it. */
class AppPage {
  /** WebSockets that the page has opened, whatever became of them. */
  socketCount = 0;
  readonly #page: Page;
  readonly #close: () => Promise<void>;
  readonly #incidents: readonly string[];

  constructor({ page, incidents, close }: Awaited<ReturnType<typeof openPage>>) {
    this.#page = page;
    this.#incidents = incidents;
    this.#close = close;
    page.on('websocket', () => (this.socketCount += 1));
  }

  static async open(app: BuiltApp): Promise<AppPage> {
    return new AppPage(await openPage(browser, app.url));
  }

  async show(shown: Shown | 'example' | null): Promise<void> {
    await this.#page.evaluate(`show(${JSON.stringify(shown)})`);
  }

  texts(list: string): Promise<string[]> {
    return this.#page.getByRole('list', { name: list, exact: true }).getByRole('listitem').allTextContents();
  }

  /** Waits until the list has these messages and no others. */
  async has(list: string, ...expected: readonly string[]): Promise<void> {
    await waitUntil(
      `${list} has ${expected.length} messages`,
      async () => (await this.texts(list)).length >= expected.length,
    );
    expect(await this.texts(list)).toEqual(expected);
  }

  async inState(state: string): Promise<void> {
    await this.#page.getByRole('status').filter({ hasText: state }).waitFor();
  }

  errors(): Promise<string[]> {
    return this.#page.evaluate<string[]>('errors');
  }

  follow(target: string): Promise<void> {
    return this.#page.evaluate(`client.follow(${JSON.stringify(target)})`);
  }

  async close(): Promise<void> {
    expect(this.#incidents).toEqual([]);
    await this.#close();
    await connectionsAre(0);
  }
}

const connectionsAre = (count: number) =>
  waitUntil(`the relay has ${count} connections`, () => proxy.connectionCount() === count);

/** What was sent to client 1, which both examples show. */
const exampleTexts: string[] = [];

async function send(targetId: string, ...messages: readonly string[]): Promise<void> {
  for (const message of messages)
    expect((await publish(postline.apiUrl, { message, targetId })).status).toBe(201);
}

describe.each(['react', 'vue'] as const)('@postline/%s', (framework) => {
  let app: BuiltApp;
  let page: AppPage;

  beforeAll(async () => {
    app = await buildApp(framework, relayUrl);
  });
  beforeEach(async () => {
    page = await AppPage.open(app);
  });
  afterAll(() => app.remove());
  afterEach(() => page.close());

  /** Client ids of these tests' own. */
  const idOf = (name: string) => `${framework}-${name}`;

  it('[BND-1] the example of the README shows earlier messages, then new ones, over one connection', async () => {
    exampleTexts.push('first', 'second');
    await send('1', 'first', 'second');
    await page.show('example');
    await page.has('Messages, live', ...exampleTexts);
    exampleTexts.push('third');
    await send('1', 'third');
    await page.has('Messages, live', ...exampleTexts);
    expect(page.socketCount).toBe(1);
  });

  it('[BND-2] history and stream overlap, the connection breaks: oldest first, each once', async () => {
    const clientId = idOf('order');
    await send(clientId, 'a', 'b', 'c', 'd', 'e');
    const client = { url: relayUrl, clientId, resume: 'start', firstRetryMsMax: 50 };
    await page.show({ client, lists: [{ name: 'all', history: 3 }] });
    await page.has('all', 'A', 'B', 'C', 'D', 'E');
    proxy.cut();
    await send(clientId, 'f', 'g');
    proxy.heal();
    await page.has('all', 'A', 'B', 'C', 'D', 'E', 'F', 'G');
  });

  it('[BND-3] another render keeps the connection; another client id replaces it and its messages', async () => {
    const [one, two] = [idOf('one'), idOf('two')];
    await send(one, 'of one');
    await send(two, 'of two');
    const shown = (clientId: string): Shown => ({
      client: { url: relayUrl, clientId, resume: { last: 5 } },
      lists: [{ name: 'all', history: 5 }],
    });
    await page.show(shown(one));
    await page.has('all', 'OF ONE');
    await page.show(shown(one));
    await send(one, 'more');
    await page.has('all', 'OF ONE', 'MORE');
    expect(page.socketCount).toBe(1);
    await page.show(shown(two));
    expect(await page.texts('all')).not.toContain('OF ONE');
    await page.has('all', 'OF TWO');
    await page.inState('live');
    await connectionsAre(1);
    expect(page.socketCount).toBe(2);
  });

  it('[BND-3] another token opens a new connection, keeps the messages and misses none', async () => {
    const clientId = idOf('token');
    const shown = (token: string): Shown => ({
      client: { url: relayUrl, clientId, token },
      lists: [{ name: 'all' }],
    });
    await page.show(shown('first'));
    await page.inState('live');
    await send(clientId, 'a');
    await page.has('all', 'A');
    proxy.hold();
    await page.show(shown('second'));
    await page.inState('connecting');
    await send(clientId, 'b');
    proxy.heal();
    await page.has('all', 'A', 'B');
    expect(page.socketCount).toBe(2);
  });

  it('[BND-4] an unmount ends the connection, also one that is not open yet', async () => {
    const shown: Shown = { client: { url: relayUrl, clientId: idOf('gone') }, lists: [{ name: 'all' }] };
    proxy.freeze('down');
    await page.show(shown);
    await connectionsAre(1);
    await page.show(null);
    await connectionsAre(0);
    proxy.heal();
    await page.show(shown);
    await page.inState('live');
    await connectionsAre(1);
    await page.show(null);
    await connectionsAre(0);
    expect(await page.errors()).toEqual([]);
  });

  it('[BND-5] components share a connection, and each has its own list', async () => {
    const clientId = idOf('lists');
    await send(clientId, 'a', 'b', 'c');
    const client = { url: relayUrl, clientId };
    const lists = [{ name: 'all', history: 10 }, { name: 'newest', history: 10, max: 2 }, { name: 'new' }];
    await page.show({ client, lists });
    await page.has('all', 'A', 'B', 'C');
    await page.has('newest', 'B', 'C');
    await send(clientId, 'd');
    await page.has('all', 'A', 'B', 'C', 'D');
    await page.has('new', 'D');
    await page.show({ client, lists: [...lists, { name: 'late', history: 2 }] });
    await page.has('late', 'C', 'D');
    expect(await page.texts('newest')).toEqual(['C', 'D']);
    expect(page.socketCount).toBe(1);
  });

  it('[BND-6] a list of a group has its earlier messages from the time that the client follows it', async () => {
    const clientId = idOf('member');
    const room = `group:${framework}-room`;
    await send(room, 'a', 'b');
    const lists = [
      { name: 'room', target: room, history: 10 },
      { name: 'own', target: clientId },
    ];
    await page.show({ client: { url: relayUrl, clientId }, lists });
    await page.inState('live');
    expect(await page.texts('room')).toEqual([]);
    await page.follow(room);
    await page.has('room', 'A', 'B');
    await send(room, 'c');
    await send(clientId, 'mine');
    await page.has('room', 'A', 'B', 'C');
    await page.has('own', 'MINE');
    expect(await page.errors()).toEqual([]);
  });

  it('[BND-7] an error reaches onError', async () => {
    const client = { url: relayUrl, clientId: idOf('errors') };
    await page.show({ client, lists: [{ name: 'all' }], token: 42 });
    await page.inState('waiting');
    expect(await page.errors()).toContain('token_failed');
    expect(page.socketCount).toBe(0);
  });

  it('[BND-8] a server renders no messages, and opens no client', async () => {
    expect(await app.renderOnServer()).toBe('connecting 0 true true undefined');
  });
});
