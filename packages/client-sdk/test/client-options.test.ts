import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  localStorageCursorStore,
  memoryCursorStore,
  PostlineClient,
  type PostlineClientOptions,
  PostlinePublisher,
  type PostlinePublisherOptions,
} from '../src/node.ts';

const VALID = { url: 'ws://127.0.0.1:1/', clientId: 1, autoConnect: false };

function make(options: object): PostlineClient {
  return new PostlineClient(options as PostlineClientOptions);
}

/** No option may be added without values that its check refuses: `satisfies` requires a row for each. */
type Values<Options> = Readonly<Record<keyof Options, readonly [unknown, ...unknown[]]>>;

const NO_AMOUNT = [-5, NaN, 'soon', '5', null, {}] as const;

const WRONG = {
  url: [
    undefined,
    null,
    7,
    {},
    '',
    '/push/',
    'localhost:3000',
    'ftp://localhost/',
    'ws://x:99999',
    'ws://x/#y',
  ],
  clientId: [undefined, null, '', {}, [], true, 1.5, -1, NaN, 2 ** 53, 'a b', 'group:news', '__proto__', 'é'],
  token: [null, 7, {}, Promise.resolve('t')],
  groups: ['yes', 1, null, ['news']],
  acks: ['no', 0, null],
  autoConnect: ['no', 0, null],
  debug: ['yes', 1, null, {}],
  parse: [null, 'JSON', {}, { parse: true }],
  cursorStore: [
    null,
    'localStorage',
    {},
    { save: () => undefined },
    { load: {} },
    { load: () => undefined, save: 1 },
  ],
  deviceId: [null, '', 7, 'a b', 'é', 'd'.repeat(65)],
  resume: [null, 'end', 5, {}, { last: 0 }, { last: 1_001 }, { last: '5' }, { epoch: 'e' }],
  onHandlerError: [null, 'skip', true, () => undefined],
  onParseError: [null, 'retry', false, () => undefined],
  signal: [null, 'abort', {}, new AbortController()],
  firstRetryMsMax: NO_AMOUNT,
  retryMsMax: NO_AMOUNT,
  openMsMax: NO_AMOUNT,
  ackIntervalMs: NO_AMOUNT,
  inboxMessagesMax: NO_AMOUNT,
  inboxUnitsMax: NO_AMOUNT,
} as const satisfies Values<PostlineClientOptions>;

const AMOUNTS = [0, 0.5, 1_000, Infinity] as const;
const noop = () => undefined;

const RIGHT = {
  url: ['http://localhost:3000', 'wss://relay.example/push?a=1', new URL('ws://127.0.0.1:1/')],
  clientId: [0, 1, 2 ** 53 - 1, '1', 'auth0|5f7c', 'user+tag@example.com', '_x', '-x', 'x'.repeat(128)],
  token: ['', 'a.b.c', () => 't', () => Promise.resolve('t')],
  groups: [true, false],
  acks: [true, false],
  autoConnect: [false],
  debug: [false, noop],
  parse: [JSON.parse, { parse: noop }],
  cursorStore: [{ load: noop }, { load: noop, save: noop }, memoryCursorStore(), localStorageCursorStore()],
  deviceId: ['kiosk-7', 'd'.repeat(64)],
  resume: ['start', { last: 1 }, { last: 1_000 }, { epoch: 'e', offsets: {} }],
  onHandlerError: ['retry', 'stop'],
  onParseError: ['skip', 'stop'],
  signal: [new AbortController().signal],
  firstRetryMsMax: AMOUNTS,
  retryMsMax: AMOUNTS,
  openMsMax: AMOUNTS,
  ackIntervalMs: AMOUNTS,
  inboxMessagesMax: AMOUNTS,
  inboxUnitsMax: AMOUNTS,
} as const satisfies Values<PostlineClientOptions>;

const WRONG_OF_PUBLISHERS = {
  url: [
    undefined,
    null,
    7,
    {},
    '',
    'ws://localhost/',
    'http://localhost/#x',
    'http://name:password@localhost/',
  ],
  key: [null, 7, {}, 'schl\u00fcssel', 'a\nb', () => 'k'],
  attemptMsMax: NO_AMOUNT,
  totalMsMax: NO_AMOUNT,
  firstRetryMsMax: NO_AMOUNT,
  retryMsMax: NO_AMOUNT,
} as const satisfies Values<PostlinePublisherOptions>;

function rows(table: Readonly<Record<string, readonly unknown[]>>): [string, unknown][] {
  return Object.entries(table).flatMap(([name, values]) =>
    values.map((value): [string, unknown] => [name, value]),
  );
}

function namesOption(name: string): Error {
  return expect.objectContaining({
    name: 'TypeError',
    message: expect.stringMatching(new RegExp(`^invalid option ${name}\\b`)),
  }) as Error;
}

describe('the options of PostlineClient', () => {
  it.each(rows(WRONG))('[SDK-22] %s: %o is a TypeError that names it', (name, value) => {
    expect(() => make({ ...VALID, [name]: value })).toThrow(namesOption(name));
  });

  it.each(rows(RIGHT))('[SDK-22] %s: %o is accepted', async (name, value) => {
    await make({ ...VALID, [name]: value }).close();
  });

  it('[SDK-22] all of them are in the README, which has no other', () => {
    expect(optionsInReadme('PostlineClient').sort()).toEqual(Object.keys(WRONG).sort());
  });

  it.each([
    [{ cursorStore: 'last-ack' }, 'deviceId'],
    [{ cursorStore: 'last-ack', deviceId: 'd', resume: 'start' }, 'resume'],
    [{ cursorStore: 'last-ack', deviceId: 'd', resume: { last: 5 } }, 'resume'],
  ])('[SDK-22] %o: a TypeError names %s', (wrong, name) => {
    expect(() => make({ ...VALID, ...wrong })).toThrow(namesOption(name));
  });
});

describe('other options', () => {
  const make = (options: object) => new PostlinePublisher(options as PostlinePublisherOptions);

  it.each(rows(WRONG_OF_PUBLISHERS))(
    '[SDK-22] %s of a publisher: %o is a TypeError that names it',
    (name, value) => {
      expect(() => make({ url: 'http://localhost', [name]: value })).toThrow(namesOption(name));
    },
  );

  it('[SDK-22] those of a publisher are all in the README; an unknown one is refused', () => {
    expect(optionsInReadme('PostlinePublisher').sort()).toEqual(Object.keys(WRONG_OF_PUBLISHERS).sort());
    expect(() => make({ url: 'http://localhost', apiKey: 'secret' })).toThrow(
      new TypeError('unknown option apiKey'),
    );
  });

  it('[SDK-22] those of a store are checked', () => {
    expect(() => localStorageCursorStore({ name: 7 as unknown as string })).toThrow(namesOption('name'));
    expect(() => localStorageCursorStore({ key: 'x' } as object)).toThrow(
      new TypeError('unknown option key'),
    );
  });
});

/** The first column of the table under the heading of the class. */
function optionsInReadme(className: string): string[] {
  const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const [, section = ''] = text.split(`## \`new ${className}(options)\``);
  const [, table = ''] = section.split('| option |');
  const [ofOptions = ''] = table.split('\n\n');
  return Array.from(ofOptions.matchAll(/^\| `(\w+)` \|/gm), ([, name = '']) => name);
}

it.each(['clientID', 'toString', 'constructor', '__proto__', 'messages'])(
  '[SDK-22] an unknown option %s is refused by name',
  (name) => {
    const options = Object.defineProperty({ ...VALID }, name, { value: 1, enumerable: true });
    expect(() => make(options)).toThrow(new TypeError(`unknown option ${name}`));
  },
);

it('[SDK-22] without options, the first required one is named', () => {
  expect(() => new (PostlineClient as unknown as new () => PostlineClient)()).toThrow(
    /^invalid option clientId/,
  );
});

it('[SDK-22] an error about options contains no value', () => {
  for (const wrong of [{ clientId: ['secret'] }, { url: 'ftp://secret@host/' }])
    expect(() => make({ ...VALID, ...wrong })).toThrow(/^(?!.*secret)invalid option/);
});

it('[SDK-22] absent options may be undefined', async () => {
  const undefinedOnes = { token: undefined, groups: undefined, resume: undefined, signal: undefined };
  const client = make({ ...VALID, ...undefinedOnes, clientId: 'auth0|5f7c', debug: false });
  expect(client.state).toEqual({ state: 'disconnected' });
  await client.close();
});

it('[SDK-22] an unknown event name, or a listener that is no function, is a TypeError', async () => {
  const client = make(VALID);
  for (const method of ['on', 'once', 'off'] as const) {
    for (const name of ['mesage', 'constructor', '__proto__', undefined])
      expect(() => client[method](name as 'state', () => undefined)).toThrow(
        new TypeError(`unknown event ${String(name)}`),
      );
    for (const listener of [undefined, null, 'log', {}])
      expect(() => client[method]('message', listener as never)).toThrow(
        new TypeError('invalid option listener'),
      );
  }
  await client.close();
});
