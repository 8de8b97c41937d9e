import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DatabaseServer,
  makeCertificates,
  makeTempFolder,
  startDatabase,
  type TempFolder,
  type TestCertificates,
} from '@postline/test-support';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { databaseReason, type DatabaseReasonCode } from '../../../src/database-reason.ts';
import { openSession } from '../../../src/mysql/sessions/session.ts';

/** Its certificate is for 127.0.0.1 alone, by an authority of its own. */
let server: DatabaseServer;
let folder: TempFolder;
let certificates: TestCertificates;
let ca: string;
beforeAll(async () => {
  folder = await makeTempFolder('certificates');
  certificates = await makeCertificates({ folder: folder.path, subject: 'IP:127.0.0.1' });
  ca = await readFile(certificates.ca, 'utf8');
  server = await startDatabase([
    `--ssl-ca=${certificates.ca}`,
    `--ssl-cert=${certificates.cert}`,
    `--ssl-key=${certificates.key}`,
    `--socket=${join(folder.path, 's')}`,
  ]);
  await asRoot('CREATE DATABASE app');
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

async function asRoot(...statements: readonly string[]): Promise<void> {
  const connection = await createConnection(server.url);
  for (const statement of statements) await connection.query(statement);
  await connection.end();
}

const urlOf = (parameters: string, host = '127.0.0.1', user = 'root') =>
  `mysql://${user}@${host}:${server.port}/app${parameters}`;

/** The cipher of the connection (empty: none), or the reason why there is none. */
async function connectBy(databaseUrl: string, databaseCa?: string): Promise<string> {
  const options = { databaseUrl, databaseCa, role: 'read', idleSecondsMax: 10 } as const;
  try {
    const session = await openSession(options, AbortSignal.timeout(5_000));
    const [row] = await session.select<{ Value: string }>("SHOW STATUS LIKE 'Ssl_cipher'", []);
    session.close();
    return row!.Value === '' ? 'plain' : 'encrypted';
  } catch (error) {
    const { code, text } = databaseReason(error);
    return `${code satisfies DatabaseReasonCode}: ${text}`;
  }
}

const NOT_TRUSTED =
  'tls: TLS with the database failed: no authority that is trusted here signed its certificate';
const OTHER_HOST = 'tls: TLS with the database failed: its certificate is for another host';

it.each([
  ['', 'plain'],
  ['?ssl-mode=DISABLED', 'plain'],
  ['?ssl-mode=PREFERRED', 'encrypted'],
  ['?ssl-mode=REQUIRED', 'encrypted'],
  ['?sslmode=require', 'encrypted'],
  ['?tls=skip-verify', 'encrypted'],
  ['?ssl={"rejectUnauthorized":false}', 'encrypted'],
  ['?tls=true', NOT_TRUSTED],
  ['?ssl={}', NOT_TRUSTED],
  ['?sslmode=verify-ca', NOT_TRUSTED],
  ['?sslaccept=strict', NOT_TRUSTED],
])('[DBC-5] without its authority, %s: %s', async (parameters, expected) => {
  expect(await connectBy(urlOf(parameters))).toBe(expected);
});

it.each([
  ['', '127.0.0.1', 'encrypted'],
  ['?ssl-mode=VERIFY_IDENTITY', '127.0.0.1', 'encrypted'],
  ['?ssl=true', '127.0.0.1', 'encrypted'],
  ['', 'localhost', OTHER_HOST],
  ['?ssl-mode=VERIFY_IDENTITY', 'localhost', OTHER_HOST],
  ['?ssl-mode=VERIFY_CA', 'localhost', 'encrypted'],
  ['?ssl-mode=REQUIRED', 'localhost', 'encrypted'],
])('[DBC-5] with DATABASE_CA_FILE, %s at %s: %s', async (parameters, host, expected) => {
  expect(await connectBy(urlOf(parameters, host), ca)).toBe(expected);
});

it('[DBC-5] an authority that the URL names is trusted, another one is not', async () => {
  const named = `?ssl-mode=VERIFY_IDENTITY&ssl-ca=${encodeURIComponent(certificates.ca)}`;
  expect(await connectBy(urlOf(named))).toBe('encrypted');
  const other = await makeTempFolder('other-authority');
  const { ca: otherCa } = await makeCertificates({ folder: other.path, subject: 'IP:127.0.0.1' });
  expect(await connectBy(urlOf('?ssl-mode=REQUIRED'), await readFile(otherCa, 'utf8'))).toBe(NOT_TRUSTED);
  await other.remove();
});

it('[DBC-5] a Unix socket is used where the URL names one, and TCP is not', async () => {
  const socket = encodeURIComponent(join(folder.path, 's'));
  for (const url of [
    `mysql://root@localhost:1/app?socketPath=${socket}`,
    `mysql://root@localhost/app?socket=${socket}`,
    `mysql:///app?unix_socket=${socket}`,
  ]) {
    // The user of a URL that names none is the empty one, whom the server refuses by name.
    const expected = url.startsWith('mysql:///') ? /^wrong_credentials|^missing_right/ : /^plain$/;
    expect(await connectBy(url)).toMatch(expected);
  }
  expect(await connectBy('mysql://root@localhost/app?socket=/nowhere/s')).toMatch(
    /^connection_refused: the socket/,
  );
});

it('[DBC-7] MariaDB’s ed25519 signs in; a wrong password and an unknown database are told apart', async () => {
  await asRoot(
    "INSTALL SONAME 'auth_ed25519'",
    "CREATE USER modern@'%' IDENTIFIED VIA ed25519 USING PASSWORD('s3cr3t ü')",
    "GRANT ALL ON app.* TO modern@'%'",
  );
  const password = encodeURIComponent('s3cr3t ü');
  expect(await connectBy(urlOf('', '127.0.0.1', `modern:${password}`))).toBe('plain');
  expect(await connectBy(urlOf('?sslmode=require', '127.0.0.1', `modern:${password}`))).toBe('encrypted');
  expect(await connectBy(urlOf('', '127.0.0.1', 'modern:wrong'))).toMatch(/^wrong_credentials: /);
  expect(await connectBy(`${server.url}/nowhere`)).toMatch(/^unknown_database: /);
});

it('[DBC-5] a server that takes encrypted connections only is signed in to where the URL asks for TLS', async () => {
  await asRoot('SET GLOBAL require_secure_transport = ON');
  expect(await connectBy(urlOf(''))).toMatch(/^(tls|wrong_credentials): /); // MySQL says which, MariaDB does not
  expect(await connectBy(urlOf('?ssl-mode=REQUIRED'))).toBe('encrypted');
});
