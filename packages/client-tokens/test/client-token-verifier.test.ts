import { createHmac } from 'node:crypto';
import { createLogger } from '@postline/service-runtime';
import { exportSPKI, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ClientTokenResult,
  type ClientTokenSettings,
  createClientTokenVerifier,
  signClientToken,
} from '../src/index.ts';
import { createSigner, type KeyServer, keysOf, type Signer, startKeyServer } from './support/key-server.ts';

const SECRET = 'mZ4w7Qp1Xc9Lk2Vt8Rb5Nf3Hj6Gd0Sya';
const NOW = Date.parse('2026-11-25T12:00:00.250Z');
const NOW_SECONDS = Math.floor(NOW / 1_000);
const HOUR = 3_600;
const logger = createLogger({ service: 'test', level: 'silent' });

const bySecret: ClientTokenSettings = {
  key: { kind: 'secret', secret: SECRET },
  issuer: undefined,
  audience: undefined,
};

type Part = Readonly<Record<string, unknown>>;
const CLAIMS = { sub: '1', exp: NOW_SECONDS + HOUR };

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** A token put together by hand, signed with HMAC by any key. */
function handMade(header: Part, claims: Part, key: string = SECRET): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

const sign = (claims: Part) =>
  new SignJWT({ ...CLAIMS, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET));

function verify(token: string, settings = bySecret): Promise<ClientTokenResult> {
  return createClientTokenVerifier(settings, { logger }).verify(token, 'here');
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a token signed with the secret', () => {
  it('[TOK-4] says whose it is, and until when', async () => {
    const token = await signClientToken({ secret: SECRET, clientId: 'ann', expiresInSeconds: 60 });
    expect(await verify(token)).toEqual({
      ok: true,
      value: {
        clientId: 'ann',
        issuedAt: NOW_SECONDS * 1_000,
        expiresAt: (NOW_SECONDS + 60) * 1_000,
        groups: [],
        follow: { names: new Set(), prefixes: [] },
      },
    });
  });

  it('[TOK-11] names the groups that its client follows, and those that it may follow', async () => {
    const claims = { groups: ['news', 'b d', 'room:7'], follow: ['room-*', 'news', '*x'] };
    const content = { secret: SECRET, clientId: 'ann', expiresInSeconds: 60, ...claims };
    expect(await verify(await signClientToken(content))).toMatchObject({
      value: { groups: ['news', 'room:7'], follow: { names: new Set(['news']), prefixes: ['room-'] } },
    });
    expect(await verify(await sign({ groups: 'news', follow: 7 }))).toMatchObject({ value: { groups: [] } });
  });

  it('[TOK-4] without iat it counts as older than any other', async () => {
    expect(await verify(await sign({}))).toMatchObject({ value: { issuedAt: 0 } });
  });

  it.each([
    ['a second before', NOW_SECONDS + 1, true],
    ['at its second', NOW_SECONDS, false],
    ['after it', NOW_SECONDS - 1, false],
    ['a fraction is cut off', NOW_SECONDS + 0.9, false],
  ])('[TOK-5] the expiry is exact: %s', async (_when, exp, ok) => {
    const result = await verify(await sign({ exp }));
    expect(result).toMatchObject(ok ? { ok } : { ok, refusal: 'expired' });
  });

  it.each(['nbf', 'iat'])('[TOK-5] %s may be a minute ahead, as clocks differ', async (claim) => {
    expect(await verify(await sign({ [claim]: NOW_SECONDS + 60 }))).toMatchObject({ ok: true });
    expect(await verify(await sign({ [claim]: NOW_SECONDS + 61 }))).toMatchObject({
      ok: false,
      refusal: 'invalid',
      reason: claim,
    });
  });

  it.each([
    ['no exp', { exp: undefined }],
    ['exp as text', { exp: String(NOW_SECONDS + HOUR) }],
    ['exp beyond all time', { exp: 1e300 }],
    ['exp 0', { exp: 0 }],
    ['nbf as text', { nbf: '0' }],
    ['iat as text', { iat: '0' }],
    ['no sub', { sub: undefined }],
    ['sub as a number', { sub: 1 }],
    ['an empty sub', { sub: '' }],
    ['sub with a space', { sub: '1 ' }],
    ['sub of many', { sub: ['1', '2'] }],
    ['sub that is reserved', { sub: '__proto__' }],
    ['sub of a group', { sub: 'group:staff' }],
    ['sub that only looks alike', { sub: 'bób' }],
    ['sub too long', { sub: 'x'.repeat(129) }],
  ])('[TOK-4] is refused: %s', async (_what, claims) => {
    const token = handMade({ alg: 'HS256' }, { ...CLAIMS, ...claims });
    const result = await verify(token);
    expect(result.ok).toBe(false);
    expect(result).not.toMatchObject({ refusal: 'unverifiable' });
  });

  it.each<[string, Part]>([
    ['kid of a file', { kid: '../../../../dev/null' }],
    ['kid with SQL', { kid: "x' UNION SELECT 'secret" }],
    ['kid that is an object', { kid: { toString: 'x' } }],
    ['jku', { jku: 'https://evil.example/keys' }],
    ['x5u', { x5u: 'https://evil.example/cert' }],
    ['its own key', { jwk: { kty: 'oct', k: Buffer.from('evil').toString('base64url') } }],
  ])('[TOK-6] %s changes nothing: the secret decides', async (_what, header) => {
    const forged = await verify(handMade({ alg: 'HS256', ...header }, CLAIMS, 'evil'));
    expect(forged).toMatchObject({ ok: false, refusal: 'invalid' });
    expect(await verify(handMade({ alg: 'HS256', ...header }, CLAIMS))).toMatchObject({ ok: true });
  });

  it.each<[string, string]>([
    ['another secret', handMade({ alg: 'HS256' }, CLAIMS, `${SECRET}!`)],
    ['an empty secret', handMade({ alg: 'HS256' }, CLAIMS, '')],
    ['alg none', `${encode({ alg: 'none' })}.${encode(CLAIMS)}.`],
    ['alg None', `${encode({ alg: 'None' })}.${encode(CLAIMS)}.`],
    ['alg none with a signature', handMade({ alg: 'none' }, CLAIMS)],
    ['alg hs256', handMade({ alg: 'hs256' }, CLAIMS)],
    ['alg of two', handMade({ alg: ['HS256', 'none'] }, CLAIMS)],
    ['no alg', handMade({}, CLAIMS)],
    ['HS512', handMade({ alg: 'HS512' }, CLAIMS)],
    ['RS256', handMade({ alg: 'RS256' }, CLAIMS)],
    ['an extension that must be understood', handMade({ alg: 'HS256', crit: ['x'], x: 1 }, CLAIMS)],
    ['a payload that is not encoded', handMade({ alg: 'HS256', crit: ['b64'], b64: false }, CLAIMS)],
    ['no signature', handMade({ alg: 'HS256' }, CLAIMS).replace(/[^.]+$/, '')],
    ['two parts', handMade({ alg: 'HS256' }, CLAIMS).replace(/\.[^.]+$/, '')],
    ['four parts', `${handMade({ alg: 'HS256' }, CLAIMS)}.x`],
    ['five parts', 'a.b.c.d.e'],
    ['nothing', ''],
    ['claims that are a list', handMade({ alg: 'HS256' }, [CLAIMS] as unknown as Part)],
    ['a space before it', ` ${handMade({ alg: 'HS256' }, CLAIMS)}`],
    ['JSON', JSON.stringify({ sub: '1' })],
    ['NUL', '\0.\0.\0'],
  ])('[TOK-6] is refused: %s', async (_what, token) => {
    expect(await verify(token)).toMatchObject({ ok: false, refusal: 'invalid' });
  });

  it('[TOK-6] any change of any character makes it worthless', async () => {
    const token = await sign({});
    for (let index = 0; index < token.length - 1; index += 7) {
      const other = token[index] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, index) + other + token.slice(index + 1);
      expect((await verify(changed)).ok).toBe(false);
    }
  });

  it('[TOK-6] of a giant one nothing is looked at', async () => {
    const fits = handMade({ alg: 'HS256' }, { ...CLAIMS, pad: 'x'.repeat(5_900) });
    expect(fits.length).toBeLessThanOrEqual(8 * 1_024);
    expect(await verify(fits)).toMatchObject({ ok: true });
    const giant = handMade({ alg: 'HS256' }, { ...CLAIMS, pad: 'x'.repeat(6_200) });
    expect(await verify(giant)).toEqual({ ok: false, refusal: 'invalid', reason: 'too_long' });
  });

  it('[TOK-7] issuer and audience count where they are set', async () => {
    const strict = { ...bySecret, issuer: 'https://login.example', audience: 'postline' };
    const good = { iss: 'https://login.example', aud: ['shop', 'postline'] };
    expect(await verify(await sign(good), strict)).toMatchObject({ ok: true });
    for (const wrong of [
      {},
      { ...good, iss: 'https://login.example/' },
      { ...good, iss: undefined },
      { ...good, aud: 'Postline' },
      { ...good, aud: [] },
      { ...good, aud: undefined },
    ]) {
      expect(await verify(await sign(wrong), strict)).toMatchObject({ ok: false, refusal: 'invalid' });
    }
    expect(await verify(await sign({ iss: 'anybody', aud: 'anything' }))).toMatchObject({ ok: true });
  });
});

describe('a token signed with a key of the address', () => {
  let server: KeyServer;
  let settings: ClientTokenSettings;
  let signers: Readonly<Record<'RS256' | 'ES256' | 'EdDSA', Signer>>;

  beforeAll(async () => {
    server = await startKeyServer();
    const [rsa, ec, ed] = await Promise.all([
      createSigner('RS256', 'rsa'),
      createSigner('ES256', 'ec'),
      createSigner('EdDSA', 'ed'),
    ]);
    signers = { RS256: rsa, ES256: ec, EdDSA: ed };
    const shared = { kty: 'oct', kid: 'shared', k: Buffer.from(SECRET).toString('base64url') };
    server.answer = (response) =>
      response.end(JSON.stringify({ keys: [rsa.publicJwk, ec.publicJwk, ed.publicJwk, shared] }));
    settings = { ...bySecret, key: { kind: 'jwks', url: server.url, keepMs: HOUR * 1_000 } };
  });

  afterAll(() => server.close());

  it.each(['RS256', 'ES256', 'EdDSA'] as const)('[TOK-6] %s counts', async (alg) => {
    expect(await verify(await signers[alg].sign(CLAIMS), settings)).toMatchObject({
      ok: true,
      value: { clientId: '1' },
    });
  });

  it('[TOK-6] a public key is no secret: alg confusion', async () => {
    const pem = await exportSPKI(signers.RS256.publicKey);
    for (const key of [pem, pem.trim(), JSON.stringify(signers.RS256.publicJwk)]) {
      for (const kid of ['rsa', 'shared', undefined]) {
        const forged = handMade({ alg: 'HS256', kid }, CLAIMS, key);
        expect(await verify(forged, settings)).toMatchObject({ ok: false, refusal: 'invalid' });
      }
    }
  });

  it('[TOK-6] a secret among the keys signs nothing', async () => {
    const token = handMade({ alg: 'HS256', kid: 'shared' }, CLAIMS);
    expect(await verify(token, settings)).toMatchObject({ ok: false, refusal: 'invalid' });
  });

  it.each<[string, Part]>([
    ['of another kind', { kid: 'ec' }],
    ['of nobody', { kid: 'unknown' }],
    ['that is a name of every object', { kid: '__proto__' }],
    ['that is no text', { kid: ['rsa'] }],
  ])('[TOK-6] a key id %s is refused', async (_what, header) => {
    const token = await signers.RS256.sign(CLAIMS, header);
    expect(await verify(token, settings)).toMatchObject({ ok: false, refusal: 'invalid' });
  });

  it('[TOK-6] a stranger who brings his own key, or says where it is, is a stranger', async () => {
    const stranger = await createSigner('RS256', 'rsa');
    const own = await startKeyServer();
    own.answer = keysOf(stranger);
    for (const header of [{ jku: own.url }, { jwk: stranger.publicJwk }, { x5u: own.url }]) {
      const token = await stranger.sign(CLAIMS, header);
      expect(await verify(token, settings)).toMatchObject({ ok: false, refusal: 'invalid' });
    }
    expect(own.requests).toBe(0);
    await own.close();
  });

  it('[TOK-5] expired is expired', async () => {
    const token = await signers.ES256.sign({ sub: '1', exp: NOW_SECONDS });
    expect(await verify(token, settings)).toMatchObject({ ok: false, refusal: 'expired' });
  });
});

it('[LIM-4] only so many are verified at once; the others wait their turn', async () => {
  const verifySignature = crypto.subtle.verify.bind(crypto.subtle);
  let count = 0;
  let highest = 0;
  const spy = vi.spyOn(crypto.subtle, 'verify').mockImplementation(async (...given) => {
    count += 1;
    highest = Math.max(highest, count);
    await new Promise(setImmediate);
    count -= 1;
    return await verifySignature(...given);
  });
  const verifier = createClientTokenVerifier(bySecret, { logger });
  const token = await sign(CLAIMS);
  const results = await Promise.all(Array.from({ length: 200 }, () => verifier.verify(token, 'here')));
  expect(results.every(({ ok }) => ok)).toBe(true);
  expect(highest).toBe(64);
  spy.mockRestore();
});
