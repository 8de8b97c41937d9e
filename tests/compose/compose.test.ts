import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { publish, RelayClient, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComposeProject, composeProject, docker } from './compose-project.ts';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));
const OWN_SERVICES = ['api-server', 'websocket-server'] as const;
const ALL_SERVICES = [...OWN_SERVICES, 'redis', 'mysql'] as const;
/** What Docker gives a container that it stops before it kills it; the services promise less. */
const STOP_MS = 15_000;
const READY_MS = 60_000;

let project: ComposeProject;
let apiUrl: string;
let relayUrl: string;

beforeAll(async () => {
  project = await composeProject();
  apiUrl = `http://localhost:${project.apiPort}`;
  relayUrl = `http://localhost:${project.relayPort}`;
  try {
    await project.compose('up', '--build', '--wait', '--quiet-pull');
  } catch (error) {
    const log = await project.compose('logs', '--no-color', '--tail', '40').catch(String);
    throw new Error(`docker compose up --build --wait failed\n${log}`, { cause: error });
  }
});

afterAll(async () => {
  await Promise.allSettled(OWN_SERVICES.map((service) => docker('rm', '--force', unconfigured(service))));
  await project.remove();
});

describe('up', () => {
  it('[BOX-1] both services are ready when `up --wait` returns', async () => {
    for (const url of [apiUrl, relayUrl]) {
      const answer = await fetch(`${url}/readyz`);
      const { status } = (await answer.json()) as { status: string };
      expect([url, answer.status, status]).toEqual([url, 200, 'ready']);
    }
  });

  it("[PUB-2] [DEL-3] the README's curl: client 1 gets it, client 2 does not", async () => {
    const client1 = await RelayClient.identified(relayUrl, { clientId: 1 });
    const client2 = await RelayClient.identified(relayUrl, { clientId: 2 });

    const answer = await runReadmeCurl();
    expect(answer).toMatchObject({ status: 201, body: { targetId: '1', offset: 1, status: 'sent' } });
    const [message] = await client1.messagesOnceThereAre(1);
    expect(message).toMatchObject({ targetId: '1', offset: 1, data: 'Hello Client 1!' });
    await client2.settled();
    expect(client2.messages()).toEqual([]);

    await Promise.all([client1.close(), client2.close()]);
  });

  it('[PAGE-4] the page comes with its script, and may talk to the published API only', async () => {
    const page = await fetch(relayUrl);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(new RegExp(`connect-src [^;]*${apiUrl}(;|$)`));
    for (const path of ['/dist/page.js', '/page.css', '/favicon.svg']) {
      expect([path, (await fetch(`${relayUrl}${path}`)).status]).toEqual([path, 200]);
    }
    const preflight = await fetch(apiUrl, {
      method: 'OPTIONS',
      headers: { Origin: relayUrl, 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe(relayUrl);
  });
});

describe('containers', () => {
  it('[BOX-2] only the two services are published, on this machine alone', async () => {
    const bindings = Object.fromEntries(
      await Promise.all(
        ALL_SERVICES.map(async (service) => {
          const { HostConfig } = await project.inspect(service);
          return [service, Object.values(HostConfig.PortBindings).flat()] as const;
        }),
      ),
    );
    expect(bindings).toEqual({
      'api-server': [{ HostIp: '127.0.0.1', HostPort: String(project.apiPort) }],
      'websocket-server': [{ HostIp: '127.0.0.1', HostPort: String(project.relayPort) }],
      redis: [],
      mysql: [],
    });
  });

  it.each(ALL_SERVICES)('[BOX-3] %s runs as an ordinary user, without a capability', async (service) => {
    const status = await project.shell(service, 'cat /proc/1/status');
    const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]?.split('\t');
    expect(field('Uid')).not.toContain('0');
    expect(field('Gid')).not.toContain('0');
    expect(field('CapBnd')).toEqual(['0000000000000000']);
    expect(field('NoNewPrivs')).toEqual(['1']);
  });

  it.each(ALL_SERVICES)('[BOX-3] the file system of %s is read-only', async (service) => {
    for (const folder of ['/', '/etc', '/usr/local/bin', '/var']) {
      const attempt = project.shell(service, `touch ${folder}/probe`);
      await expect(attempt).rejects.toThrow(/read-only file system/i);
    }
  });

  it('[BOX-7] a service is process 1 of its container itself, so that SIGTERM reaches it', async () => {
    for (const service of OWN_SERVICES) {
      const command = await project.shell(service, "tr '\\0' ' ' < /proc/1/cmdline");
      expect(command.trim()).toBe(`node dist/${service}.mjs`);
    }
  });

  it('[BOX-5] the log is in a named volume, and nothing is in an anonymous one', async () => {
    const volumes = await Promise.all(
      ALL_SERVICES.map(async (service) => {
        const { Mounts } = await project.inspect(service);
        return Mounts.filter(({ Type }) => Type === 'volume').map(({ Destination, Name }) => [
          Destination,
          Name,
        ]);
      }),
    );
    expect(volumes.flat()).toEqual([['/var/lib/mysql', `${project.name}_mysql-data`]]);
  });

  it('[BOX-5] the database keeps what it acknowledged: each commit is flushed, in utf8mb4', async () => {
    const variables = ['innodb_flush_log_at_trx_commit', 'sync_binlog', 'character_set_server'];
    const query = `SELECT CONCAT_WS(' ', ${variables.map((name) => `@@${name}`).join(', ')})`;
    const answer = await project.shell(
      'mysql',
      `MYSQL_PWD="$MYSQL_PASSWORD" mysql -h 127.0.0.1 -u "$MYSQL_USER" -N -e "${query}"`,
    );
    expect(answer.trim()).toBe('1 1 utf8mb4');
  });

  it("[BOX-2] the application's user is confined to its database, and root can't come over the network", async () => {
    const grants = await project.shell(
      'mysql',
      'MYSQL_PWD="$MYSQL_PASSWORD" mysql -h 127.0.0.1 -u "$MYSQL_USER" -N -e "SHOW GRANTS"',
    );
    expect(grants.trim().split('\n').sort()).toEqual([
      expect.stringMatching(/^GRANT ALL PRIVILEGES ON `postline`\.\* TO /),
      expect.stringMatching(/^GRANT USAGE ON \*\.\* TO /),
    ]);
    const asRoot = 'mysql -h "$(hostname -i)" -u root --password=any -e "SELECT 1"';
    await expect(project.shell('mysql', asRoot)).rejects.toThrow(/ERROR 1045|ERROR 1130/);
  });
});

describe('images', () => {
  /** Everything below /app but what npm has installed. */
  const ALLOWED_FILES = {
    'api-server': [
      /^healthcheck\.cjs$/,
      /^dist\/[A-Za-z0-9-]+\.mjs$/,
      /^(api-server|packages\/(?!client-(?:binding|react|vue)\/)[a-z-]+)\/(package\.json|dist\/.*\.js)$/,
      /^db\/migrations\/(\d{4}-[a-z-]+|procedures\/[a-z_]+)\.sql$/,
    ],
    'websocket-server': [
      /^healthcheck\.cjs$/,
      /^dist\/[A-Za-z0-9-]+\.mjs$/,
      /^(websocket-server|packages\/(?!client-(?:binding|react|vue)\/)[a-z-]+)\/(package\.json|dist\/.*\.js)$/,
      /^web-client\/(index\.html|page\.css|favicon\.svg|operations\.(html|css)|dist\/(page|operations)\.js)$/,
    ],
  };

  it.each(OWN_SERVICES)('[BOX-4] %s holds what it runs, and nothing else', async (service) => {
    const list = await project.shell(
      service,
      'cd /app && find . -name node_modules -prune -o -type f -print',
    );
    const files = list
      .trim()
      .split('\n')
      .map((file) => file.slice(2));
    expect(files).toContain(`dist/${service}.mjs`);
    expect(files.filter((file) => !ALLOWED_FILES[service].some((allowed) => allowed.test(file)))).toEqual([]);
  });

  it.each(OWN_SERVICES)('[BOX-4] %s brings no development dependency', async (service) => {
    const installed = (await project.shell(service, 'cd /app/node_modules && ls -d * @*/*')).split('\n');
    const needed = new Set([...(await runtimeDependencies(service)), '@types/node']); // mysql2 names it among its own
    const tools = (await manifests('.', service, 'tests/support')).flatMap(({ devDependencies }) =>
      Object.keys(devDependencies ?? {}),
    );
    expect(tools).toEqual(expect.arrayContaining(['typescript', 'vitest', '@postline/test-support']));
    expect(installed).toEqual(expect.arrayContaining(['express', 'mysql2', 'ioredis']));
    expect(tools.filter((tool) => installed.includes(tool) && !needed.has(tool))).toEqual([]);
  });

  it.each(OWN_SERVICES)('[BOX-4] %s was made without a secret', async (service) => {
    const image = `${project.name}-${service}`;
    const made = [
      await docker('image', 'inspect', image),
      await docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', image),
    ].join('\n');
    expect(made).toContain('healthcheck.cjs');
    expect(made).not.toContain(project.databasePassword);
    expect(made).not.toMatch(/DATABASE_URL|REDIS_URL|local-trial-only|AUTH=open/);
    const hidden = "find / -xdev \\( -name .git -o -name .npmrc -o -name '.env*' -o -name .npm \\) -print";
    expect((await project.shell(service, `${hidden} 2>/dev/null || true`)).trim()).toBe('');
  });

  it.each(OWN_SERVICES)('[BOX-6] %s does not run open unless it is told to', async (service) => {
    const image = `${project.name}-${service}`;
    const name = `--name=${unconfigured(service)}`;
    const servers = ['--env', 'DATABASE_URL=mysql://u:p@mysql/d', '--env', 'REDIS_URL=redis://redis'];
    const attempt = docker('run', '--rm', name, '--network', 'none', ...servers, image);
    await expect(attempt).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^CLIENT_TOKEN_SECRET: .*\n$/),
    });
  });
});

describe('restart, stop and down', () => {
  it('[BOX-5] [DEL-4] a client that was away while everything was restarted gets the rest, in order, once', async () => {
    const before = await RelayClient.identified(relayUrl, { clientId: 'away' });
    await publish(apiUrl, { message: 'seen', targetId: 'away' });
    await before.messagesOnceThereAre(1);
    const { epoch } = await before.frame('identified');
    await before.close();
    await publish(apiUrl, { message: 'missed before the restart', targetId: 'away' });

    await project.compose('restart');
    await Promise.all([apiUrl, relayUrl].map(ready));
    const answer = await publish(apiUrl, { message: 'missed after the restart', targetId: 'away' });
    expect(answer).toMatchObject({ status: 201, body: { offset: 3 } });

    const resume = { epoch: String(epoch), offsets: { away: 1 } };
    const after = await RelayClient.identified(relayUrl, { clientId: 'away', resume });
    await publish(apiUrl, { message: 'live', targetId: 'away' });
    await after.messagesOnceThereAre(3);
    await after.settled();
    expect(after.messages().map((frame) => [frame['offset'], frame['data']])).toEqual([
      [2, 'missed before the restart'],
      [3, 'missed after the restart'],
      [4, 'live'],
    ]);
    await after.close();
  });

  it('[BOX-7] [DEL-15] `stop`: the sockets are closed with 1001, and all exit with code 0', async () => {
    const client = await RelayClient.identified(relayUrl, { clientId: 1 });
    await project.compose('stop', ...OWN_SERVICES);
    expect(await client.closed(STOP_MS)).toBe(1001);
    await project.compose('stop');
    for (const service of ALL_SERVICES) {
      const { State } = await project.inspect(service);
      expect([service, State.Status, State.ExitCode]).toEqual([service, 'exited', 0]);
    }
  });

  it('[BOX-5] everything is there again after `down` and `up`', async () => {
    await project.compose('down');
    await project.compose('up', '--wait');
    const answer = await fetch(`${apiUrl}/targets/away/messages?after=0`);
    const { messages } = (await answer.json()) as { messages: { data: string }[] };
    expect(messages.map(({ data }) => data)).toEqual([
      'seen',
      'missed before the restart',
      'missed after the restart',
      'live',
    ]);
  });

  it('[BOX-5] `down -v` leaves nothing', async () => {
    expect(await project.remains()).not.toEqual([]);
    await project.compose('down', '-v', '--rmi', 'local');
    expect(await project.remains()).toEqual([]);
  });
});

/** The container of a service that was given no more than it needs to start. */
function unconfigured(service: string): string {
  return `${project.name}-unconfigured-${service}`;
}

/** The line that README.md tells everyone to try, with the port of this project's API in it. */
async function runReadmeCurl() {
  const line = /^curl -X POST http:\/\/localhost:8080 .*$/m.exec(await readFile(README, 'utf8'))?.[0];
  if (line === undefined) throw new Error('README.md has no curl line');
  const command = line.replace('localhost:8080', `localhost:${project.apiPort}`);
  const shown = `${command} --silent --show-error --max-time 10 --write-out '\\n%{http_code}'`;
  const { stdout } = await promisify(execFile)('sh', ['-c', shown]);
  const [body = '', status] = stdout.split('\n');
  return { status: Number(status), body: JSON.parse(body) as unknown };
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** The package.json of each folder. */
function manifests(...folders: readonly string[]): Promise<Manifest[]> {
  return Promise.all(
    folders.map(async (folder) => {
      const file = fileURLToPath(new URL(`../../${folder}/package.json`, import.meta.url));
      return JSON.parse(await readFile(file, 'utf8')) as Manifest;
    }),
  );
}

/** What a service and this repository's packages that it needs name as their dependencies. */
async function runtimeDependencies(folder: string): Promise<string[]> {
  const [service] = await manifests(folder);
  const names = Object.keys(service?.dependencies ?? {});
  const own = names
    .filter((name) => name.startsWith('@postline/'))
    .map((name) => name.slice('@postline/'.length));
  const nested = await Promise.all(own.map((name) => runtimeDependencies(`packages/${name}`)));
  return [...names, ...nested.flat()];
}

async function ready(url: string): Promise<void> {
  await waitUntil(`${url} is ready`, async () => (await fetch(`${url}/readyz`)).ok, READY_MS);
}
