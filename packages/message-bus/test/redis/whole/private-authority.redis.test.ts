import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  findProgram,
  freePort,
  makeCertificates,
  makeTempFolder,
  type StartedProcess,
  startProcess,
  type TempFolder,
  waitUntil,
} from '@postline/test-support';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisMessageBus } from '../../../src/redis/index.ts';
import { recordEvents, type RecordedEvents } from '../../recorded-events.ts';

describe('[BUS-6] sentinels and clusters with TLS and a private authority', () => {
  const started: StartedProcess[] = [];
  let folder: TempFolder;
  let ca: string;
  let tlsLines: string[];

  beforeAll(async () => {
    folder = await makeTempFolder('redis-tls');
    const files = await makeCertificates({ folder: folder.path, subject: 'DNS:localhost' });
    ca = await readFile(files.ca, 'utf8');
    tlsLines = [
      'port 0',
      'bind 127.0.0.1 ::1',
      `dir ${folder.path}`,
      `tls-cert-file ${files.cert}`,
      `tls-key-file ${files.key}`,
      `tls-ca-cert-file ${files.ca}`,
      'tls-auth-clients no',
      'tls-replication yes',
    ];
  });
  afterAll(async () => {
    await Promise.all(started.map((server) => server.end('SIGKILL')));
    await folder.remove();
  });

  /** Starts a server on a port that speaks TLS only. */
  async function start(lines: readonly string[], ...args: string[]): Promise<number> {
    const port = await freePort();
    const file = join(folder.path, `${port}.conf`);
    await writeFile(file, `${[...tlsLines, `tls-port ${port}`, ...lines].join('\n')}\n`);
    const server = startProcess({ command: findProgram('redis-server'), args: [file, ...args] });
    started.push(server);
    await waitUntil('the server listens', () => {
      if (server.hasEnded()) throw new Error(server.output());
      return /Ready to accept connections|Sentinel ID is/.test(server.output());
    });
    return port;
  }

  async function bothEnds(redisUrl: string, authority?: string): Promise<(string | undefined)[]> {
    const bus = createRedisMessageBus({
      redisUrl,
      ca: authority,
      sentinelPassword: 's3cr3t-too',
      prefix: '',
    });
    const ends = [recordEvents(), recordEvents()] as const;
    const publisher = bus.createPublisher(ends[0]);
    const subscriber = bus.createSubscriber(ends[1]);
    const found = ({ states, faults }: RecordedEvents) => states[0] ?? faults[0]?.reason.text;
    await waitUntil('both ends know', () => ends.every((end) => found(end) !== undefined));
    await Promise.all([publisher.close(), subscriber.close()]);
    expect(JSON.stringify(ends.map(({ faults }) => faults.map(({ reason }) => reason)))).not.toContain(
      's3cr3t',
    );
    return ends.map(found);
  }

  it('the master that sentinels name by its host name', async () => {
    const masterPort = await start(['requirepass s3cr3t']);
    const sentinelPort = await start(
      [
        'requirepass s3cr3t-too',
        'sentinel resolve-hostnames yes',
        'sentinel announce-hostnames yes',
        `sentinel monitor main localhost ${masterPort} 1`,
        'sentinel auth-pass main s3cr3t',
      ],
      '--sentinel',
    );
    const url = `rediss+sentinel://:s3cr3t@localhost:${sentinelPort}/main`;
    expect(await bothEnds(url, ca)).toEqual(['up', 'up']);
    for (const reason of await bothEnds(url))
      expect(reason).toMatch(/^no sentinel can be asked: TLS failed \(/);
    for (const reason of await bothEnds(url.replace('localhost', '127.0.0.1'), ca))
      expect(reason).toBe('no sentinel can be asked: TLS failed (ERR_TLS_CERT_ALTNAME_INVALID)');
  });

  it('the nodes of a cluster', async () => {
    const busPort = `cluster-port ${await freePort()}`; // not by itself 10,000 above the other one, which may be taken
    const port = await start(['requirepass s3cr3t', 'cluster-enabled yes', 'tls-cluster yes', busPort]);
    const admin = new Redis({ host: 'localhost', port, password: 's3cr3t', tls: { ca } });
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    admin.disconnect();
    const url = `rediss+cluster://:s3cr3t@localhost:${port}`;
    expect(await bothEnds(url, ca)).toEqual(['up', 'up']);
    for (const reason of await bothEnds(url)) expect(reason).toMatch(/^TLS failed \(/);
  });
});
