import { beforeEach, describe, expect, it } from 'vitest';
import { ClientEventListeners } from '../../src/client-events.ts';
import type { Token } from '../../src/client-options.ts';
import type { PostlineError } from '../../src/postline-error.ts';
import { TokenKeeper } from '../../src/token/token-keeper.ts';
import { TestEnvironment } from '../support/test-environment.ts';

describe('TokenKeeper', () => {
  let environment: TestEnvironment;
  let renewed: string[];
  /** The difference between the issuer's clock and the device's. */
  let serverSeconds: number;
  let errors: PostlineError[];

  beforeEach(() => {
    environment = new TestEnvironment();
    serverSeconds = 1.7e9;
    renewed = [];
    errors = [];
  });

  function keeper(token?: Token): TokenKeeper {
    const events = new ClientEventListeners();
    events.add('error', (error) => errors.push(error), false);
    return new TokenKeeper({
      environment,
      events,
      send: ({ token: fresh }) => renewed.push(fresh),
      ...(token !== undefined && { token }),
    });
  }

  function tokenOf(claims: unknown): string {
    return `header.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;
  }

  /**
   * A token as a relay would get it, good for so many seconds from now on, by the clock of the server that issues it.
   */
  function tokenFor(seconds: number): string {
    const iat = serverSeconds + environment.now() / 1_000;
    return tokenOf({ sub: 'ä', iat, exp: iat + seconds });
  }

  /** A token function that returns one token after the other. */
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

  it('[SDK-10] a string is used as it is and cannot be renewed', async () => {
    const tokens = keeper('abc');
    expect(await tokens.current()).toBe('abc');
    tokens.startRenewing();
    await advance(1e9);
    expect(tokens.forget()).toBe(false);
    expect(renewed).toEqual([]);
    expect(await keeper().current()).toBeUndefined();
  });

  it('[SDK-10] a function is called again when its token has expired or the relay rejects it', async () => {
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

  it('[SDK-10] a connection gets a fresh token a minute before the old one expires', async () => {
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

  it('[SDK-10] retries more and more often while there is no fresh token', async () => {
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

  it.each([-7_200, -90, 0, 90, 7_200, 86_400])(
    '[SDK-16] a clock that is %i s off does not change the number of token calls',
    async (seconds) => {
      serverSeconds += seconds;
      const issued = issuer(...Array<number>(10).fill(600));
      const tokens = keeper(issued.token);
      await tokens.current();
      tokens.startRenewing();
      for (let minute = 0; minute < 60; minute += 1) await advance(60_000);
      expect(issued.calls).toBe(7);
      expect(errors).toEqual([]);
    },
  );

  it('[SDK-16] a token of unknown life is used until the relay reports that it has expired', async () => {
    for (const claims of [{ exp: 1 }, { iat: 9, exp: 5 }, { exp: 'soon', iat: 0 }, 'text', null]) {
      const issued = { calls: 0 };
      const tokens = keeper(() => tokenOf(claims) + String((issued.calls += 1)));
      await tokens.current();
      tokens.startRenewing();
      await advance(1e9);
      expect(issued.calls).toBe(1);
      tokens.forget();
      await tokens.current();
      expect(issued.calls).toBe(2);
      tokens.stopRenewing();
    }
    const notBefore = keeper(() => tokenOf({ nbf: 10, exp: 3_610 }));
    await notBefore.current();
    notBefore.startRenewing();
    await advance(3_539_999);
    expect(renewed).toEqual([]);
  });

  it('[SDK-16] a token that is returned again keeps its age, and is not requested in a storm', async () => {
    const kept = tokenFor(600);
    const issued = { calls: 0 };
    const tokens = keeper(() => {
      issued.calls += 1;
      return kept;
    });
    await tokens.current();
    tokens.startRenewing();
    for (let second = 0; second < 3_600; second += 1) await advance(1_000);
    expect(renewed).toEqual([]);
    // About ten around its end, then one a minute while the relay still accepts it.
    expect(issued.calls).toBeLessThan(70);
  });

  it('[SDK-16] a token fetched while the connection breaks is used to identify on the next one', async () => {
    const issued = issuer(600, 600, 600);
    const tokens = keeper(issued.token);
    const first = await tokens.current();
    tokens.startRenewing();
    environment.advance(540_000);
    tokens.stopRenewing();
    await advance(0);
    expect(renewed).toEqual([]);
    expect(await tokens.current()).not.toBe(first);
    expect(issued.calls).toBe(2);
  });

  it('[SDK-17] a function that returns no string has failed', async () => {
    for (const answer of [null, 7, { token: 'a' }]) {
      const tokens = keeper((() => answer) as unknown as Token);
      await expect(tokens.current()).rejects.toMatchObject({
        name: 'PostlineError',
        code: 'token_failed',
        cause: expect.any(TypeError),
      });
    }
  });

  it('[SDK-10] a token that is not a JWT never expires', async () => {
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
