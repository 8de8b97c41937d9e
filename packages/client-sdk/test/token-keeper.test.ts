import { beforeEach, describe, expect, it } from 'vitest';
import { ClientEventListeners } from '../src/client-events.ts';
import type { Token } from '../src/client-options.ts';
import type { PostlineError } from '../src/postline-error.ts';
import { TokenKeeper } from '../src/token-keeper.ts';
import { TestEnvironment } from './support/test-environment.ts';

describe('TokenKeeper', () => {
  let environment: TestEnvironment;
  let renewed: string[];
  let errors: PostlineError[];

  beforeEach(() => {
    environment = new TestEnvironment();
    renewed = [];
    errors = [];
  });

  function keeper(token?: Token): TokenKeeper {
    const events = new ClientEventListeners();
    events.add('error', (error) => errors.push(error));
    return new TokenKeeper({
      environment,
      events,
      onRenewed: (fresh) => renewed.push(fresh),
      ...(token !== undefined && { token }),
    });
  }

  /** A token as a relay would get it, good for so many seconds from now. */
  function tokenFor(seconds: number): string {
    const claims = Buffer.from(JSON.stringify({ sub: 'ä', exp: environment.now() / 1_000 + seconds }));
    return `header.${claims.toString('base64url')}.signature`;
  }

  /** Tokens as a function gives them one after the other. */
  function issuer(...seconds: number[]): { calls: number; token: () => Promise<string> } {
    const issued = {
      calls: 0,
      token: () => {
        const life = seconds[issued.calls];
        issued.calls += 1;
        return life === undefined ? Promise.reject(new Error('away')) : Promise.resolve(tokenFor(life));
      },
    };
    return issued;
  }

  async function advance(milliseconds: number): Promise<void> {
    environment.advance(milliseconds);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }

  it('[SDK-10] a text is given as it is, and there is no other', async () => {
    const tokens = keeper('abc');
    expect(await tokens.current()).toBe('abc');
    tokens.startRenewing();
    await advance(1e9);
    expect(tokens.forget()).toBe(false);
    expect(renewed).toEqual([]);
    expect(await keeper().current()).toBeUndefined();
  });

  it('[SDK-10] a function is called again where its token has expired, or the relay says so', async () => {
    const issued = issuer(3_600, 3_600, 3_600);
    const tokens = keeper(issued.token);
    const first = await tokens.current();
    expect(await tokens.current()).toBe(first);
    expect(issued.calls).toBe(1);
    expect(tokens.forget()).toBe(true);
    await tokens.current();
    expect(issued.calls).toBe(2);
    await advance(3_596_000);
    await tokens.current();
    expect(issued.calls).toBe(3);
  });

  it('[SDK-10] a connection has a fresh token a minute before the old one expires', async () => {
    const tokens = keeper(issuer(3_600, 120, 40).token);
    await tokens.current();
    tokens.startRenewing();
    await advance(3_539_999);
    expect(renewed).toHaveLength(0);
    await advance(1);
    expect(renewed).toHaveLength(1);
    await advance(60_000);
    expect(renewed).toHaveLength(2);
    await advance(19_999);
    tokens.stopRenewing();
    await advance(1e9);
    expect(errors).toEqual([]);
  });

  it('[SDK-10] tries again, more and more often, where there is no fresh one', async () => {
    const issued = issuer(3_600);
    const tokens = keeper(issued.token);
    await tokens.current();
    tokens.startRenewing();
    await advance(3_540_000);
    await advance(30_000);
    await advance(15_000);
    expect(errors).toMatchObject([
      { code: 'token_failed' },
      { code: 'token_failed' },
      { code: 'token_failed' },
    ]);
    expect(issued.calls).toBe(4);
  });

  it('[SDK-10] what is no JWT never expires', async () => {
    for (const token of ['', 'a.b.c', 'a.e30.c', 'a.W10.c']) {
      const issued = { calls: 0 };
      const tokens = keeper(() => {
        issued.calls += 1;
        return token;
      });
      await tokens.current();
      await advance(1e9);
      expect(await tokens.current()).toBe(token);
      expect(issued.calls).toBe(1);
    }
  });
});
