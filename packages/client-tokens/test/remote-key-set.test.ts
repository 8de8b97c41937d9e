import { createLogger } from '@postline/service-runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ClientTokenVerifier, createClientTokenVerifier } from '../src/index.ts';
import {
  createSigner,
  fails,
  type KeyServer,
  keysOf,
  type Signer,
  startKeyServer,
} from './support/key-server.ts';

const KEEP_MS = 3_600_000;
const FRESH_MS = 5 * 60_000;
const COOLDOWN_MS = 5_000;
const LATER = Math.floor(Date.now() / 1_000) + 86_400 * 365;

describe('RemoteKeySet', () => {
  let server: KeyServer;
  let verifier: ClientTokenVerifier;
  let first: Signer;
  let second: Signer;
  let logged: string;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] }); // sockets and their waits go on
    logged = '';
    server = await startKeyServer();
    [first, second] = await Promise.all([createSigner('ES256', 'one'), createSigner('ES256', 'two')]);
    server.answer = keysOf(first);
    const write = (line: string) => (logged += line);
    const logger = createLogger({ service: 'test', level: 'info', destination: { write } });
    const key = { kind: 'jwks', url: server.url, keepMs: KEEP_MS } as const;
    verifier = createClientTokenVerifier({ key, issuer: undefined, audience: undefined }, { logger });
  });

  afterEach(async () => {
    vi.useRealTimers();
    await server.close();
  });

  const outcome = async (signer: Signer) => {
    const result = await verifier.verify(await signer.sign({ sub: '1', exp: LATER }));
    return result.ok ? 'ok' : result.refusal;
  };

  it('[TOK-9] keys are fetched once, whoever asks at once and after it', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(first)));
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => 'ok'));
    await outcome(first);
    expect(server.requests).toBe(1);
  });

  it('[TOK-9] a key id that is not known is looked for once more: keys are rotated', async () => {
    await outcome(first);
    server.answer = keysOf(first, second);
    vi.advanceTimersByTime(COOLDOWN_MS);
    expect(await outcome(second)).toBe('ok');
    expect(await outcome(first)).toBe('ok');
    expect(server.requests).toBe(2);
  });

  it('[TOK-9] made-up key ids make no flood of fetches', async () => {
    await outcome(first);
    for (let count = 0; count < 50; count += 1) {
      const stranger = await first.sign({ sub: '1', exp: LATER }, { kid: `made-up-${count}` });
      expect(await verifier.verify(stranger)).toMatchObject({ ok: false, refusal: 'invalid' });
      vi.advanceTimersByTime(COOLDOWN_MS / 10);
    }
    expect(server.requests).toBeLessThanOrEqual(6);
  });

  it('[TOK-9] a key that is withdrawn counts no longer, soon after', async () => {
    await outcome(first);
    server.answer = keysOf(second);
    vi.advanceTimersByTime(FRESH_MS + 1);
    await outcome(first); // starts the fetch
    await vi.waitFor(async () => {
      expect(await outcome(first)).toBe('invalid');
    });
  });

  it('[TOK-9] while the address does not answer the known keys go on, for as long as they may', async () => {
    await outcome(first);
    server.answer = fails(500);
    for (let passed = 0; passed + FRESH_MS < KEEP_MS; passed += FRESH_MS) {
      vi.advanceTimersByTime(FRESH_MS);
      expect(await outcome(first)).toBe('ok');
    }
    vi.advanceTimersByTime(2 * FRESH_MS);
    expect(await outcome(first)).toBe('unverifiable');
    server.answer = keysOf(first);
    vi.advanceTimersByTime(COOLDOWN_MS);
    expect(await outcome(first)).toBe('ok');
    expect(logged.match(/can not be fetched"/g)).toHaveLength(1);
    expect(logged.match(/can be fetched again"/g)).toHaveLength(1);
  });

  it('[TOK-9] a key that is not known while the address does not answer may be good: not known', async () => {
    await outcome(first);
    server.answer = fails(503);
    vi.advanceTimersByTime(COOLDOWN_MS);
    expect(await outcome(second)).toBe('unverifiable');
    expect(await outcome(second)).toBe('unverifiable');
    expect(server.requests).toBe(2);
  });

  it.each<[string, KeyServer['answer']]>([
    ['an error', fails(500)],
    ['a redirect', (response) => response.writeHead(302, { location: 'https://127.0.0.1/' }).end()],
    ['no JSON', (response) => response.end('<html>')],
    ['no key set', (response) => response.end('{"keys":{}}')],
    ['a flood', (response) => response.end(JSON.stringify({ keys: [], pad: 'x'.repeat(300_000) }))],
    ['a line that breaks', (response) => response.destroy()],
  ])('[TOK-9] %s is no answer, and is asked for again after a while only', async (_what, answer) => {
    server.answer = answer;
    expect(await outcome(first)).toBe('unverifiable');
    expect(await outcome(first)).toBe('unverifiable');
    expect(server.requests).toBe(1);
    server.answer = keysOf(first);
    vi.advanceTimersByTime(COOLDOWN_MS);
    expect(await outcome(first)).toBe('ok');
  });
});
