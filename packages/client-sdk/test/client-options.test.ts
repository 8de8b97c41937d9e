import { expect, it } from 'vitest';
import { PostlineClient, type PostlineClientOptions } from '../src/node.ts';

const VALID = { url: 'ws://127.0.0.1:1/', clientId: 1, autoConnect: false };

function make(options: object): PostlineClient {
  return new PostlineClient(options as PostlineClientOptions);
}

it.each([
  [{ url: undefined }, 'url'],
  [{ url: 'ftp://localhost/' }, 'url'],
  [{ url: 'http://localhost:3000/#room' }, 'url'],
  ...[undefined, null, '', {}, [], true, 1.5, -1, NaN, 2 ** 53, 'a b', 'group:news', '__proto__', 'é'].map(
    (clientId) => [{ clientId }, 'clientId'] as const,
  ),
  ...['end', { last: 0 }, { last: 1_001 }, { last: '5' }, { epoch: 'e' }, null].map(
    (resume) => [{ resume }, 'resume'] as const,
  ),
  [{ cursorStore: 'last-ack', deviceId: 'd', resume: 'start' }, 'resume'],
  [{ retryMsMax: -5 }, 'retryMsMax'],
  [{ openMsMax: 'soon' }, 'openMsMax'],
  [{ inboxMessagesMax: NaN }, 'inboxMessagesMax'],
] as const)('[SDK-22] %j: a TypeError names %s', (wrong, name) => {
  const options = { ...VALID, ...wrong };
  expect(() => make(options)).toThrow(TypeError);
  expect(() => make(options)).toThrow(new RegExp(`^invalid option ${name}\\b`));
});

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
  for (const name of ['mesage', 'constructor', undefined])
    for (const method of ['on', 'once'] as const)
      expect(() => client[method](name as 'state', () => undefined)).toThrow(
        new TypeError(`unknown event ${String(name)}`),
      );
  expect(() => client.on('message', undefined as never)).toThrow(new TypeError('invalid option listener'));
  await client.close();
});
