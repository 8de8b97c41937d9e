import { memoryCursorStore, PostlineError } from '@postline/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeRelay } from '../../client-sdk/test/support/fake-relay.ts';
import {
  type BindingOptions,
  clientKey,
  createClientOpener,
  logKey,
  reportError,
} from '../src/open-client.ts';

/** Only a bound for a failure: a busy machine takes its time. */
const WAIT_MS = 15_000;

const URL_TEXT = 'http://localhost:3000';

describe('clientKey', () => {
  const options = { url: URL_TEXT, clientId: 1, token: 'a', groups: true };

  it('[BND-3] is the same for equal options, also for new functions and objects', () => {
    const render = (): BindingOptions<unknown> => ({
      ...options,
      token: () => 'a',
      parse: (text) => text,
      resume: { last: 5 },
      cursorStore: memoryCursorStore(),
      signal: new AbortController().signal,
      onError: () => undefined,
    });
    expect(clientKey(render())).toBe(clientKey(render()));
    const other = { groups: true, token: 'a', clientId: '1', url: new URL(URL_TEXT), deviceId: undefined };
    expect(clientKey({ ...other, url: URL_TEXT })).toBe(clientKey(options));
    expect(logKey(other)).toBe(logKey({ url: new URL(URL_TEXT), clientId: 1 }));
  });

  it.each([
    { url: 'http://localhost:3001' },
    { clientId: 2 },
    { token: 'b' },
    { token: () => 'a' },
    { groups: false },
    { retryMsMax: 1 },
    { autoConnect: false },
  ])('[BND-3] is another one for %o', (changed) => {
    expect(clientKey({ ...options, ...changed })).not.toBe(clientKey(options));
  });
});

describe('createClientOpener', () => {
  let relay: FakeRelay;
  let options: BindingOptions;
  beforeEach(async () => {
    relay = await FakeRelay.start();
    options = { url: relay.url, clientId: 1 };
  });
  afterEach(() => relay.stop());

  it('[BND-3] a client of the same logs continues where the one before stopped', async () => {
    const open = createClientOpener<string>();
    const first = open(() => options);
    first.on('message', () => undefined);
    await (await relay.connection(1)).identified({ offset: 4, head: 4 });
    await vi.waitFor(() => expect(first.state.state).toBe('live'), WAIT_MS);
    await first.close();

    const second = open(() => options);
    const identify = await (await relay.connection(2)).identified({ offset: 4, head: 4 });
    expect(identify['resume']).toMatchObject({ epoch: 'e1', offsets: { 1: 4 } });
    await second.close();

    options = { ...options, clientId: 2 };
    const third = open(() => options);
    const [other] = await (await relay.connection(3)).received('identify');
    expect(other?.['resume']).toBeUndefined();
    await third.close();
  });

  it('[BND-3] calls the functions of the latest render', async () => {
    const open = createClientOpener<string>();
    options = { ...options, token: () => 'old' };
    const client = open(() => options);
    options = { ...options, token: () => 'new' };
    const [identify] = await (await relay.connection(1)).received('identify');
    expect(identify?.['token']).toBe('new');
    await client.close();
  });

  it('[BND-7] reports errors to the latest onError, from the first one on', async () => {
    const codes: string[] = [];
    const fail = () => Promise.reject(new Error('signed out'));
    options = { ...options, token: fail, onError: ({ code }) => codes.push(code) };
    const client = createClientOpener<string>()(() => options);
    await vi.waitFor(() => expect(codes).toContain('token_failed'), WAIT_MS);
    await client.close();
  });

  it('throws the TypeError of an option that can never work', () => {
    options = { ...options, clientId: 'group:room' };
    expect(() => createClientOpener<string>()(() => options)).toThrow(/clientId/);
  });
});

it('[BND-7] an error without onError is printed', () => {
  const print = vi.spyOn(console, 'error').mockReturnValue();
  const error = new PostlineError('gap');
  reportError({ onError: undefined }, error);
  expect(print).toHaveBeenCalledWith(error);
  print.mockRestore();
});
