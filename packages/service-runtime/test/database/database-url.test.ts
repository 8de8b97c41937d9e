import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  makeCertificates,
  makeTempFolder,
  type TempFolder,
  type TestCertificates,
} from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseDatabaseUrl } from '../../src/database/database-url.ts';

let folder: TempFolder;
let certificates: TestCertificates;
beforeAll(async () => {
  folder = await makeTempFolder('database-url');
  certificates = await makeCertificates({ folder: folder.path, subject: 'DNS:localhost' });
});
afterAll(async () => {
  await folder.remove();
});

const urlOf = (parameters: string) => `mysql://app:s3cr3t@db.example:3307/postline${parameters}`;

/** How TLS is used: `off`, `unsaid`, what is checked, or the error. */
function tlsOf(parameters: string): string {
  const parsed = parseDatabaseUrl(urlOf(parameters));
  if (!parsed.ok) return parsed.error;
  const { tls } = parsed.value;
  return typeof tls === 'object' ? tls.verify : (tls ?? 'unsaid');
}

it('[DBC-5] the parts of a URL, with % codes', () => {
  expect(parseDatabaseUrl('mysql://us%40er:p%23%3F%2F@[::1]/d%C3%BC')).toEqual({
    ok: true,
    value: {
      host: '::1',
      port: 3306,
      user: 'us@er',
      password: 'p#?/',
      database: 'dü',
      socketPath: undefined,
      tls: undefined,
    },
  });
});

it.each([
  ['', 'unsaid'],
  // MySQL, Aiven, DigitalOcean, TiDB
  ['?ssl-mode=DISABLED', 'off'],
  ['?ssl-mode=PREFERRED', 'nothing'],
  ['?ssl-mode=REQUIRED', 'nothing'],
  ['?ssl_mode=verify_ca', 'authority'],
  ['?SSL-MODE=Verify-Identity', 'identity'],
  ['?sslMode=VERIFY_IDENTITY', 'identity'],
  // PostgreSQL's words, as libraries for both take them
  ['?sslmode=disable', 'off'],
  ['?sslmode=prefer', 'nothing'],
  ['?sslmode=require', 'nothing'],
  ['?sslmode=verify-ca', 'authority'],
  ['?sslmode=verify-full', 'identity'],
  ['?sslmode=verify-full&sslrootcert=system', 'identity'],
  // Node, Ruby, PHP
  ['?ssl=true', 'identity'],
  ['?ssl=1', 'identity'],
  ['?ssl=false', 'off'],
  ['?ssl=0', 'off'],
  ['?ssl={}', 'authority'],
  ['?ssl=%7B%22rejectUnauthorized%22%3Atrue%7D', 'authority'],
  ['?ssl={"rejectUnauthorized":false}', 'nothing'],
  ['?ssl={"rejectUnauthorized":true,"verifyIdentity":true}', 'identity'],
  // Go, Java, Prisma, Python
  ['?tls=true', 'identity'],
  ['?tls=skip-verify', 'nothing'],
  ['?tls=preferred', 'nothing'],
  ['?tls=false', 'off'],
  ['?useSSL=true', 'nothing'],
  ['?useSSL=true&requireSSL=true&verifyServerCertificate=true', 'authority'],
  ['?useSSL=false&verifyServerCertificate=false', 'off'],
  ['?sslaccept=strict', 'identity'],
  ['?sslaccept=accept_invalid_certs', 'nothing'],
  ['?ssl_verify_cert=true&ssl_verify_identity=true', 'identity'],
  ['?ssl-verify-server-cert=true', 'identity'],
  ['?ssl_disabled=True', 'off'],
  // The strictest counts
  ['?ssl=true&ssl-mode=REQUIRED', 'identity'],
  ['?sslmode=require&sslmode=require', 'nothing'],
  ['?charset=utf8mb4&timezone=Z', 'unsaid'],
])('[DBC-5] TLS in the spellings of clients and providers: %s is %s', (parameters, expected) => {
  expect(tlsOf(parameters)).toBe(expected);
});

it('[DBC-5] an authority by its file is checked, with more where the mode says so', () => {
  const ca = `ssl-ca=${encodeURIComponent(certificates.ca)}`;
  for (const name of ['ssl-ca', 'ssl_ca', 'sslca', 'sslrootcert', 'ssl-ca-file']) {
    expect(tlsOf(`?${name}=${encodeURIComponent(certificates.ca)}`)).toBe('authority');
  }
  expect(tlsOf(`?ssl-mode=REQUIRED&${ca}`)).toBe('authority');
  expect(tlsOf(`?ssl-mode=VERIFY_IDENTITY&${ca}`)).toBe('identity');
  const client = `ssl-cert=${encodeURIComponent(certificates.cert)}`;
  expect(tlsOf(`?${client}&ssl-key=${encodeURIComponent(certificates.key)}`)).toBe('authority');
  expect(tlsOf(`?${client}`)).toMatch(/needs its key/);
});

it.each([
  ['?foo=1', /^the parameter foo is unknown/],
  ['?SslModus=REQUIRED', /^the parameter SslModus is unknown/],
  ['?a=1&b=2', /parameter a is unknown.*; the parameter b is unknown/],
  ['?ssl-mode=', /^the parameter ssl-mode has an unknown value/],
  ['?ssl-mode=REQURED', /^the parameter ssl-mode has an unknown value/],
  ['?ssl=maybe', /^the parameter ssl has an unknown value/],
  ['?ssl={', /^the parameter ssl is not JSON/],
  ['?ssl={"rejectUnauthorised":false}', /^the parameter ssl has an unknown key/],
  ['?ssl={"rejectUnauthorized":"no"}', /^the parameter ssl needs true or false/],
  ['?tls=false&ssl-mode=REQUIRED', /^the parameters tls and ssl-mode contradict each other/],
  ['?ssl-mode=REQUIRED&ssl_mode=DISABLED', /^the parameter ssl_mode is given twice/],
  ['?ssl-ca=/nowhere/ca.pem', /^the parameter ssl-ca names a file that cannot be read \(ENOENT\)/],
  ['?charset=latin1', /^the parameter charset can only be utf8mb4/],
  ['?timezone=local', /^the parameter timezone can only be/],
  ['?connection_limit=5', /^the parameter connection_limit .*DATABASE_READ_CONNECTIONS_MAX/],
  ['?connectTimeout=5', /^the parameter connectTimeout .*deadlines/],
  ['?multipleStatements=true', /^the parameter multipleStatements is unknown/],
  ['?socketPath=/run/s', /names a socket of this machine and another host/],
  ['?socketPath=run/s', /^the parameter socketPath must be the whole path/],
  ['#x', /has a #/],
])('[DBC-5] what is not understood is refused by name: %s', (parameters, error) => {
  expect(tlsOf(parameters)).toMatch(error);
  expect(tlsOf(parameters)).not.toMatch(/s3cr3t|db\.example/);
});

it('[DBC-5] a file that holds no certificate is refused', async () => {
  const file = join(folder.path, 'empty.pem');
  await writeFile(file, 'nothing');
  expect(tlsOf(`?ssl-ca=${file}`)).toMatch(/^the parameter ssl-ca holds no certificate/);
  await writeFile(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  expect(tlsOf(`?ssl-ca=${file}`)).toMatch(/^the parameter ssl-ca holds a broken certificate/);
});

it.each([
  ['mysql://u:p@h', /must name a database/],
  ['mysql:///d', /must name a host/],
  ['mysql://u:1?s3cr3t@h/d', /must name a database/], // a ? in the password
  ['mysql://u:%zz@h/d', /must be a URL/],
  ['mysql://u:p@h/%zz', /must be a URL/],
  ['postgres://u:p@h/d', /must be a URL that starts with mysql/],
  ['h/d', /must be a URL/],
])('[DBC-5] not a URL of a database: %s', (url, error) => {
  const parsed = parseDatabaseUrl(url);
  expect(parsed.ok ? '' : parsed.error).toMatch(error);
  expect(parsed.ok ? '' : parsed.error).not.toContain('s3cr3t');
});

it('[DBC-5] a Unix socket, in the spellings of clients', () => {
  for (const name of ['socketPath', 'socket', 'unix_socket', 'unixSocket']) {
    const parsed = parseDatabaseUrl(`mysql://u@localhost/d?${name}=%2Frun%2Fmysqld%2Fmysqld.sock`);
    expect(parsed).toMatchObject({
      ok: true,
      value: { socketPath: '/run/mysqld/mysqld.sock', tls: undefined },
    });
  }
});
