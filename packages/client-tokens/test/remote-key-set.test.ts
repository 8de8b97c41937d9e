import type { ServerResponse } from 'node:http';
import { createLogger, type Logger } from '@postline/service-runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ClientTokenVerifier, createClientTokenVerifier } from '../src/index.ts';
import { KeysUnavailableError, RemoteKeySet } from '../src/remote-key-set.ts';
import {
  createSigner,
  fails,
  type KeyServer,
  keysOf,
  type Signer,
  startKeyServer,
} from './support/key-server.ts';

/** Only a bound for a failure: a busy machine takes its time. */
const WAIT_MS = 15_000;

const KEEP_MS = 3_600_000;
const FRESH_MS = 5 * 60_000;
/** Who waits for keys waits so long in earnest: a test can't make that time pass. */
const COOLDOWN_MS = 500;
const LATER = Math.floor(Date.now() / 1_000) + 86_400 * 365;

describe('RemoteKeySet', () => {
  let server: KeyServer;
  let verifier: ClientTokenVerifier;
  let first: Signer;
  let second: Signer;
  let logged: string;
  let logger: Logger;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] }); // sockets and their waits go on
    logged = '';
    server = await startKeyServer();
    [first, second] = await Promise.all([createSigner('ES256', 'one'), createSigner('ES256', 'two')]);
    server.answer = keysOf(first);
    const write = (line: string) => (logged += line);
    logger = createLogger({ service: 'test', level: 'info', destination: { write } });
    const key = { kind: 'jwks', url: server.url, keepMs: KEEP_MS } as const;
    verifier = createClientTokenVerifier(
      { key, issuer: undefined, audience: undefined },
      { logger, cooldownMs: COOLDOWN_MS },
    );
  });

  afterEach(async () => {
    vi.useRealTimers();
    await server.close();
  });

  const outcomeOf = async (token: string, address = '10.0.0.1') => {
    const result = await verifier.verify(token, address);
    return result.ok ? 'ok' : result.refusal;
  };
  const madeUp = (kid: string) => second.sign({ sub: '1', exp: LATER }, { kid });

  /** The keys are asked for, and the answer is held until the returned function is called. */
  const holdAnswers = () => {
    const held: ServerResponse[] = [];
    server.answer = (response) => held.push(response);
    return () => {
      server.answer = keysOf(first);
      held.forEach(server.answer);
    };
  };

  const outcome = async (signer: Signer) => {
    return await outcomeOf(await signer.sign({ sub: '1', exp: LATER }));
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

  it('[TOK-9] made-up key ids make no flood of fetches, and are bad once they were looked for', async () => {
    await outcome(first);
    const strangers = Array.from({ length: 50 }, async (_, count) =>
      outcomeOf(await madeUp(`made-up-${count}`)),
    );
    expect(new Set(await Promise.all(strangers))).toEqual(new Set(['invalid']));
    expect(server.requests).toBe(2);
  });

  it('[TOK-9] a key that was published a moment ago is found, whoever asks for made-up ones meanwhile', async () => {
    await outcome(first);
    const strangers: Promise<string>[] = [];
    const flood = setInterval(() => {
      strangers.push(madeUp(`made-up-${strangers.length}`).then((token) => outcomeOf(token)));
    }, COOLDOWN_MS / 20);
    server.answer = keysOf(first, second);
    expect(await outcome(second)).toBe('ok');
    clearInterval(flood);
    expect(new Set(await Promise.all(strangers))).toEqual(new Set(['invalid']));
    expect(server.requests).toBeLessThanOrEqual(4);
  });

  it('[TOK-9] an answer that was asked for before a key was published says nothing of it', async () => {
    let release = () => undefined as unknown;
    server.answer = (response) => (release = () => keysOf(first)(response));
    const known = outcome(first);
    await vi.waitFor(() => {
      expect(server.requests).toBe(1);
    }, WAIT_MS);
    const fresh = outcome(second); // waits for the answer that is on its way, then for the next
    server.answer = keysOf(first, second);
    release();
    expect(await known).toBe('ok');
    expect(await fresh).toBe('ok');
    expect(server.requests).toBe(2);
  });

  it('[LIM-4] who waits for keys holds up nobody: others are verified, however many wait', async () => {
    await outcome(first);
    const token = await madeUp('made-up');
    const answer = holdAnswers();
    const waiting = Array.from({ length: 500 }, () => outcomeOf(token));
    let isOver = false;
    void Promise.all(waiting).then(() => (isOver = true));
    expect(await outcome(first)).toBe('ok');
    expect(isOver).toBe(false);
    answer();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['invalid']));
  });

  it('[TOK-9] so many from one address wait, and so many in all; of a further one nothing is known', async () => {
    await outcome(first);
    const token = await madeUp('made-up');
    const answer = holdAnswers();
    const waiting = Array.from({ length: 512 }, () => outcomeOf(token));
    await outcome(first); // behind those that are checked before
    expect(await outcomeOf(token)).toBe('unverifiable');
    answer();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['invalid']));
    expect(await outcomeOf(token)).toBe('invalid'); // there is room again

    const keys = new RemoteKeySet({ url: server.url, keepMs: KEEP_MS, logger });
    const waits = Array.from({ length: 4_096 }, (_, count) => keys.waitForNext(String(count)));
    await expect(keys.waitForNext('another')).rejects.toThrow(KeysUnavailableError);
    await Promise.all(waits);
  });

  it('[TOK-9] a key that is withdrawn counts no longer, soon after', async () => {
    await outcome(first);
    server.answer = keysOf(second);
    vi.advanceTimersByTime(FRESH_MS + 1);
    await outcome(first); // starts the fetch
    await vi.waitFor(async () => {
      expect(await outcome(first)).toBe('invalid');
    }, WAIT_MS);
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
    expect(logged.match(/cannot be fetched: the status is 500"/g)).toHaveLength(1);
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

  it.each<[string, string, KeyServer['answer']]>([
    ['an error', 'the status is 500', fails(500)],
    [
      'a redirect',
      'the status is 302',
      (response) => response.writeHead(302, { location: 'https://127.0.0.1/' }).end(),
    ],
    ['no JSON', 'the answer is no JSON Web Key Set', (response) => response.end('<html>')],
    ['no key set', 'the answer is no JSON Web Key Set', (response) => response.end('{"keys":{}}')],
    [
      'a flood',
      'the answer is larger than 262144 bytes',
      (response) => response.end(JSON.stringify({ keys: [], pad: 'x'.repeat(300_000) })),
    ],
    ['a line that breaks', 'failed (UND_ERR_SOCKET)', (response) => response.destroy()],
  ])('[TOK-9] %s is no answer, and is asked for again after a while only', async (_what, reason, answer) => {
    server.answer = answer;
    expect(await outcome(first)).toBe('unverifiable');
    expect(await outcome(first)).toBe('unverifiable');
    expect(server.requests).toBe(1);
    expect(logged).toContain(`"reason":"${reason}"`);
    server.answer = keysOf(first);
    vi.advanceTimersByTime(COOLDOWN_MS);
    expect(await outcome(first)).toBe('ok');
  });
});
