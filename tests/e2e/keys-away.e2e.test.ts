import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { listen } from '@postline/service-runtime';
import { RelayClient, waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
import { startSystem } from './system.ts';

/** A key id that is unknown is looked for anew only some seconds after the last fetch. */
const NOTICED_MS = 10_000;

/** An issuer of tokens with one key. */
function createIssuer(kid: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return {
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'EdDSA', use: 'sig' },
    tokenOf: (sub: string) => {
      const now = Math.floor(Date.now() / 1_000);
      const content = `${encode({ alg: 'EdDSA', kid })}.${encode({ sub, iat: now, exp: now + 600 })}`;
      return `${content}.${sign(null, Buffer.from(content), privateKey).toString('base64url')}`;
    },
  };
}

it('[TOK-9] while the address of the keys does not answer, who is in stays and gets messages, and known keys go on', async () => {
  const [issuer, other] = [createIssuer('known'), createIssuer('not known')];
  const keys = createServer((_request, response) => response.end(JSON.stringify({ keys: [issuer.jwk] })));
  const url = `http://127.0.0.1:${await listen(keys, { host: '127.0.0.1', port: 0 })}/keys`;
  const key = randomBytes(24).toString('base64url');
  const system = await startSystem({
    AUTH: 'required',
    CLIENT_TOKEN_JWKS_URL: url,
    PUBLISH_KEYS: `shop:${createHash('sha256').update(key).digest('hex')}`,
  });
  const enter = (clientId: string) =>
    RelayClient.identified(system.relay.url, { clientId, token: issuer.tokenOf(clientId) });
  const publishTo = (targetId: string) =>
    fetch(system.api.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ message: `for ${targetId}`, targetId }),
    });
  const codeForUnknownKey = async () => {
    const client = await RelayClient.connect(system.relay.url);
    client.send({ type: 'identify', clientId: 'eve', token: other.tokenOf('eve') });
    return await client.closed();
  };
  try {
    const before = await enter('before');
    keys.closeAllConnections();
    await new Promise((closed) => keys.close(closed));
    await waitUntil('the relay notices', async () => (await codeForUnknownKey()) === 1013, NOTICED_MS);
    const during = await enter('during');
    before.send({ type: 'token', token: issuer.tokenOf('before') });
    await before.frame('token_accepted');
    for (const target of ['before', 'during']) expect((await publishTo(target)).status).toBe(201);
    expect(await before.messagesOnceThereAre(1)).toMatchObject([{ data: 'for before' }]);
    expect(await during.messagesOnceThereAre(1)).toMatchObject([{ data: 'for during' }]);
    await Promise.all([before.close(), during.close()]);
  } finally {
    await system.stop();
    keys.close();
  }
});
