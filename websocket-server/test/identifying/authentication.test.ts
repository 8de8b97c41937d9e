import { randomBytes } from 'node:crypto';
import { type ClientTokenSettings, signClientToken } from '@postline/client-tokens';
import { createLogger, parseTrustedProxies } from '@postline/service-runtime';
import { type Identify, RelayClient } from '@postline/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import type { RelaySettings } from '../../src/configuration.ts';
import { startTestRelay, type TestRelay } from '../support/start-test-relay.ts';

describe('a relay where tokens are required', () => {
  const secret = randomBytes(32).toString('base64');
  const clientTokens: ClientTokenSettings = {
    key: { kind: 'secret', secret },
    issuer: undefined,
    audience: undefined,
  };
  let relay: TestRelay;
  let logged: string;

  async function start(settings: Partial<RelaySettings> = {}): Promise<void> {
    logged = '';
    const write = (line: string) => (logged += line);
    const logger = createLogger({ service: 'test', level: 'trace', destination: { write } });
    relay = await startTestRelay({ auth: 'required', clientTokens, ...settings }, logger);
  }

  afterEach(() => relay.close());

  const tokenOf = (clientId: string, expiresInSeconds = 3_600) =>
    signClientToken({ secret, clientId, expiresInSeconds });

  async function refusedWith(identify: Identify): Promise<number> {
    const client = await RelayClient.connect(relay.url);
    client.send({ type: 'identify', ...identify });
    return await client.closed();
  }

  it('[TOK-1] the owner of a token gets its messages, and no other client does', async () => {
    await start();
    const ann = await RelayClient.identified(relay.url, { clientId: 'ann', token: await tokenOf('ann') });
    const bob = await RelayClient.identified(relay.url, { clientId: 'bob', token: await tokenOf('bob') });
    await relay.publish('ann', 'for ann');
    expect(await ann.messagesOnceThereAre(1)).toMatchObject([{ data: 'for ann' }]);
    await bob.settled();
    expect(bob.messages()).toEqual([]);
  });

  it('[TOK-1] without a valid token for the very id: a close code with the reason, and no log is opened', async () => {
    await start();
    const good = await tokenOf('ann');
    const forged = `${good.slice(0, good.lastIndexOf('.'))}.${randomBytes(32).toString('base64url')}`;
    expect(await refusedWith({ clientId: 'ann' })).toBe(4501);
    expect(await refusedWith({ clientId: 'ann', token: '' })).toBe(4501);
    expect(await refusedWith({ clientId: 'ann', token: forged })).toBe(4501);
    expect(await refusedWith({ clientId: 'ann', token: await tokenOf('Ann') })).toBe(4501);
    expect(await refusedWith({ clientId: 'ann2', token: good })).toBe(4501);
    expect(await refusedWith({ clientId: 'ann', token: await tokenOf('ann', 0) })).toBe(4001);
    expect(await refusedWith({ clientId: 'group:staff', token: good })).toBe(4503);
    expect(await relay.metric('postline_feeds')).toBe(0);
    expect(logged).toContain('a token was refused');
    expect(logged).toContain('"reason":"token-refused"');
  });

  it('[TOK-1] what is sent right after identify is answered in its order, before the token is verified or after', async () => {
    await start();
    await relay.append('ann', 'one');
    const client = await RelayClient.connect(relay.url);
    client.send({ type: 'identify', clientId: 'ann', token: await tokenOf('ann') });
    client.send({ type: 'ack', offset: 1 });
    client.send({ type: 'token', token: await tokenOf('ann') });
    client.send({ type: 'ping' });
    await client.frame('token_accepted');
    await client.frame('identified');
    expect(client.frames.map(({ type }) => type).filter((type) => type === 'error')).toEqual(['error']);
    expect(client.frames[0]).toMatchObject({ type: 'error', code: 'bad_ack' });
    expect(await relay.receipts('ann')).toEqual([]);
  });

  it('[TOK-8] the connection ends with the token, unless a fresh one comes in time', async () => {
    await start();
    const connect = async () =>
      RelayClient.identified(relay.url, { clientId: 'ann', token: await tokenOf('ann', 2) });
    const [leaving, staying] = [await connect(), await connect()];
    staying.send({ type: 'token', token: await tokenOf('ann', 60) });
    expect(await staying.frame('token_accepted')).toMatchObject({
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
    });
    expect(await leaving.closed()).toBe(4001);
    expect(leaving.frames.at(-1)).toMatchObject({ type: 'error', code: 'token_expired' });
    await staying.settled();
    staying.send({ type: 'token', token: await tokenOf('bob') });
    expect(await staying.closed()).toBe(4501);
  });

  it('[TOK-10] neither a token nor the secret is ever logged, whatever comes of it', async () => {
    await start();
    const tokens = [
      await tokenOf('ann'),
      await tokenOf('bob'),
      await tokenOf('ann', 0),
      'a.b.c',
      `${secret}.x.y`,
    ];
    for (const token of tokens) {
      const client = await RelayClient.connect(relay.url);
      client.send({ type: 'identify', clientId: 'ann', token });
      client.send({ type: 'token', token });
      await Promise.race([client.closed(), client.frame('token_accepted')]);
    }
    await relay.close();
    expect(logged).toContain('a token was refused');
    for (const text of [secret, ...tokens.flatMap((token) => token.split('.'))]) {
      if (text.length > 1) expect(logged).not.toContain(text);
    }
  });

  it('[LIM-5] after too many bad tokens from one address further upgrades from there get 429', async () => {
    const proxies = parseTrustedProxies('127.0.0.1');
    if (!proxies.ok) throw new Error(proxies.error);
    await start({ failedAuthenticationsPerMinute: 3, trustedProxies: proxies.value });
    const from = (address: string) => RelayClient.connect(relay.url, { 'x-forwarded-for': address });
    for (let count = 0; count < 3; count += 1) {
      const client = await from('203.0.113.7');
      client.send({ type: 'identify', clientId: 'ann', token: 'bad' });
      expect(await client.closed()).toBe(4501);
    }
    await expect(from('203.0.113.7')).rejects.toThrow('429');
    await (await from('203.0.113.8')).close();
    expect(await relay.metric('postline_upgrades_refused_total')).toBe(1);
  });
});

describe('an open relay', () => {
  it('[TOK-8] tokens are ignored', async () => {
    const relay = await startTestRelay();
    const client = await RelayClient.identified(relay.url, { clientId: 1, token: 'whatever' });
    client.send({ type: 'token', token: 'whatever' });
    expect(await client.frame('token_accepted')).toEqual({ type: 'token_accepted', expiresAt: null });
    await relay.close();
  });
});
