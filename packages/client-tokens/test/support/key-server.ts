import { createServer, type ServerResponse } from 'node:http';
import { listen } from '@postline/service-runtime';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';

/** A key pair of an issuer, and what it signs. */
export interface Signer {
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly publicKey: CryptoKey;
  sign(
    claims: Readonly<Record<string, unknown>>,
    header?: Readonly<Record<string, unknown>>,
  ): Promise<string>;
}

export async function createSigner(alg: 'RS256' | 'ES256' | 'EdDSA', kid: string): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return {
    publicJwk,
    publicKey,
    sign: (claims, header = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  };
}

export interface KeyServer {
  readonly url: string;
  /** How often it was asked. */
  requests: number;
  /** What it answers. */
  answer: (response: ServerResponse) => void;
  close(): Promise<void>;
}

/** A real HTTP server that gives out keys, and can be made to misbehave. */
export async function startKeyServer(): Promise<KeyServer> {
  const server = createServer((_request, response) => {
    keyServer.requests += 1;
    keyServer.answer(response);
  });
  const port = await listen(server, { host: '127.0.0.1', port: 0 });
  const keyServer: KeyServer = {
    url: `http://127.0.0.1:${port}/keys`,
    requests: 0,
    answer: (response) => response.end('{"keys":[]}'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return keyServer;
}

/** An answer with the keys of these signers. */
export function keysOf(...signers: readonly Signer[]): (response: ServerResponse) => void {
  return (response) => response.end(JSON.stringify({ keys: signers.map(({ publicJwk }) => publicJwk) }));
}

export function fails(status: number): (response: ServerResponse) => void {
  return (response) => {
    response.statusCode = status;
    response.end('{}');
  };
}
