import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AddressInfo, createServer, type Server } from 'node:net';
import {
  findProgram,
  freePort,
  makeTempFolder,
  type RedisServer,
  type StartedProcess,
  startProcess,
  startRedis,
  type TempFolder,
  waitUntil,
} from '@postline/test-support';
import { LOST_KIND } from '@postline/service-runtime';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createRedisMessageBus } from '../../src/redis/index.ts';
import { recordEvents, type RecordedEvents } from '../recorded-events.ts';

/** What both ends report first; `awaitedAfter` is a kind of reason after which another has to come. */
async function reasons(redisUrl: string, ca?: string, awaitedAfter = ''): Promise<string[]> {
  const bus = createRedisMessageBus({ redisUrl, ca, prefix: '' });
  const ends = [recordEvents(), recordEvents()];
  const publisher = bus.createPublisher(ends[0]);
  const subscriber = bus.createSubscriber(ends[1] ?? recordEvents());
  const known = ({ faults, states }: RecordedEvents) =>
    states[0] ?? faults.find(({ reason }) => reason.kind !== awaitedAfter)?.reason.text;
  await waitUntil('both ends know', () => ends.every((end) => known(end) !== undefined));
  const found = ends.map((end) => known(end) ?? '');
  await Promise.all([publisher.close(), subscriber.close()]);
  for (const { faults } of ends)
    expect(JSON.stringify(faults.map(({ reason }) => reason))).not.toContain('s3cr3t');
  return found;
}

const both = (text: string) => [text, text];

describe('[OPS-9] why Redis can not be used', () => {
  let redis: RedisServer;
  let admin: Redis;
  const printed = vi.spyOn(console, 'error');
  const warned = vi.spyOn(console, 'warn');

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
    expect([printed.mock.calls, warned.mock.calls]).toEqual([[], []]); // the driver prints what nobody listens to
  });

  it('nobody listens; a host that does not exist', async () => {
    expect(await reasons('redis://127.0.0.1:1')).toEqual(both('connection refused (ECONNREFUSED)'));
    for (const reason of await reasons('redis://no-such-host.invalid'))
      expect(reason).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  it('a server that takes connections and says nothing', async () => {
    const silent = createServer((socket) => socket.resume().on('error', () => undefined));
    const port = await listening(silent);
    expect(await reasons(`redis://127.0.0.1:${port}`)).toEqual(both('timed out'));
    silent.close();
  });

  it('a server that is no Redis', async () => {
    const other = createServer((socket) =>
      socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    const port = await listening(other);
    for (const reason of await reasons(`redis://127.0.0.1:${port}`))
      expect(reason).toMatch(/does not speak the protocol of Redis|closed the connection/);
    other.close();
  });

  it('no password, a wrong one, a user that lacks rights', async () => {
    await admin.call('ACL', 'SETUSER', 'weak', 'on', '>s3cr3t', '+@connection', 'allchannels');
    await admin.call('ACL', 'SETUSER', 'deaf', 'on', '>s3cr3t', '+@all', 'resetchannels', '&other');
    await admin.config('SET', 'requirepass', 's3cr3t');
    const at = `127.0.0.1:${redis.port}`;
    expect(await reasons(`redis://${at}`)).toEqual(
      both('Redis asks for a password and none is set (NOAUTH)'),
    );
    expect(await reasons(`redis://:s3cr3t-not@${at}`)).toEqual(both('wrong user or password (WRONGPASS)'));
    const noRight = 'the Redis user lacks a right: command or channel (NOPERM)';
    expect(await reasons(`redis://weak:s3cr3t@${at}`)).toEqual(both(noRight));
    expect(await reasons(`redis://deaf:s3cr3t@${at}`)).toEqual(both(noRight));
    expect(await reasons(`redis://:s3cr3t@${at}`)).toEqual(both('up'));
    const rights = ['+@connection', '+publish', '+subscribe', '+unsubscribe']; // as docs/operating.md names them
    await admin.call('ACL', 'SETUSER', 'exact', 'on', '>s3cr3t', 'resetchannels', ...rights, '&updates:*');
    expect(await reasons(`redis://exact:s3cr3t@${at}`)).toEqual(both('up'));
    await admin.config('SET', 'requirepass', '');
  });

  it('too many clients: waited for', async () => {
    await admin.config('SET', 'maxclients', '1');
    const found = await reasons(redis.url, undefined, LOST_KIND);
    expect(found).toEqual(both('Redis has as many clients as it takes (maxclients)'));
    await admin.config('SET', 'maxclients', '100');
    expect(await reasons(redis.url)).toEqual(both('up'));
  });
});

describe('[BUS-6] TLS and Unix sockets', () => {
  let folder: TempFolder;
  let server: StartedProcess;
  let port: number;
  let ca: string;

  beforeAll(async () => {
    folder = await makeTempFolder('redis-tls');
    port = await freePort();
    const openssl = (...words: string[]) =>
      execFileSync('openssl', words, { cwd: folder.path, stdio: 'ignore' });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-subj',
      '/CN=Test CA',
      '-days',
      '2',
    );
    openssl(
      'req',
      ...key,
      '-keyout',
      'redis.key',
      '-out',
      'redis.csr',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
    );
    openssl(
      'x509',
      '-req',
      '-in',
      'redis.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-copy_extensions',
      'copy',
      '-out',
      'redis.pem',
      '-days',
      '2',
    );
    ca = readFileSync(join(folder.path, 'ca.pem'), 'utf8');
    server = startProcess({
      command: findProgram('redis-server'),
      args: [
        ...[
          '--port',
          '0',
          '--tls-port',
          `${port}`,
          '--bind',
          '127.0.0.1',
          '::1',
          '--save',
          '',
          '--dir',
          folder.path,
        ],
        ...['--tls-cert-file', 'redis.pem', '--tls-key-file', 'redis.key', '--tls-ca-cert-file', 'ca.pem'],
        ...['--tls-auth-clients', 'no', '--unixsocket', join(folder.path, 'redis.sock')],
      ],
      cwd: folder.path,
      env: { PATH: process.env['PATH'] },
    });
    await waitUntil('Redis listens', () => server.output().includes('Ready to accept connections'));
  });
  afterAll(async () => {
    await server.end('SIGKILL');
    await folder.remove();
  });

  it('the private authority is trusted where it is named, and the name is verified', async () => {
    expect(await reasons(`rediss://localhost:${port}`, ca)).toEqual(both('up'));
    for (const reason of await reasons(`rediss://127.0.0.1:${port}`, ca))
      expect(reason).toBe('TLS failed (ERR_TLS_CERT_ALTNAME_INVALID)');
  });

  it('without it the certificate is not trusted, whatever the environment of Node says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    for (const reason of await reasons(`rediss://localhost:${port}`))
      expect(reason).toMatch(/^TLS failed \(/);
    vi.unstubAllEnvs();
  });

  it('plain text to a port that speaks TLS is no silent failure', async () => {
    for (const reason of await reasons(`redis://localhost:${port}`)) expect(reason).toMatch(/closed|lost/);
  });

  it('a Unix socket', async () => {
    expect(await reasons(`redis+unix://${join(folder.path, 'redis.sock')}`)).toEqual(both('up'));
    expect(await reasons(`unix://${join(folder.path, 'none.sock')}`)).toEqual(
      both('no such socket file (ENOENT)'),
    );
  });
});

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}
