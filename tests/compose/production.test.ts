import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeTempFolder, RelayClient, type TempFolder } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComposeProject, composeProject } from './compose-project.ts';

const MAKE_SECRETS = fileURLToPath(new URL('../../docker/make-secrets.sh', import.meta.url));
const FILES = ['docker-compose.yml', 'docker-compose.production.yml'];
const ALL_SERVICES = ['api-server', 'websocket-server', 'redis', 'mysql'] as const;

const execute = promisify(execFile);

let folder: TempFolder;
let secretsFolder: string;
let project: ComposeProject;
let apiUrl: string;
let relayUrl: string;

beforeAll(async () => {
  folder = await makeTempFolder('production');
  secretsFolder = join(folder.path, 'secrets');
  const environment = { SECRETS_FOLDER: secretsFolder };
  await execute('sh', [MAKE_SECRETS], { env: { ...process.env, ...environment } });
  project = await composeProject({ files: FILES, environment });
  apiUrl = `http://localhost:${project.apiPort}`;
  relayUrl = `http://localhost:${project.relayPort}`;
  try {
    await project.compose('up', '--build', '--wait', '--quiet-pull');
  } catch (error) {
    const log = await project.compose('logs', '--no-color', '--tail', '40').catch(String);
    throw new Error(`the production profile did not start\n${log}`, { cause: error });
  }
});

afterAll(async () => {
  await project.remove();
  expect(await project.remains()).toEqual([]);
  await folder.remove();
});

describe('keys and tokens', () => {
  it('[BOX-8] who has a key publishes, and who has a token receives it', async () => {
    const client = await RelayClient.identified(relayUrl, { clientId: 1, token: await tokenOf('1') });
    expect(await publishWith(`Bearer ${await secret('publish-key')}`)).toMatchObject({
      status: 201,
      body: { targetId: '1', offset: 1, status: 'sent' },
    });
    const [message] = await client.messagesOnceThereAre(1);
    expect(message).toMatchObject({ targetId: '1', offset: 1, data: 'Hello Client 1!' });
    await client.close();
  });

  it('[BOX-8] nobody publishes without a key, or listens without a token or with that of another', async () => {
    expect((await publishWith(undefined)).status).toBe(401);
    expect((await publishWith('Bearer pk_guessed')).status).toBe(401);
    for (const identify of [{ clientId: 1 }, { clientId: 1, token: await tokenOf('2') }]) {
      const client = await RelayClient.connect(relayUrl);
      client.send({ type: 'identify', ...identify });
      expect(await client.closed()).toBe(4501);
    }
  });
});

describe('users of the servers', () => {
  it("[BOX-9] Redis: the services' channels alone, and nothing without the password", async () => {
    const asNobody = (...words: string[]) => project.shell('redis', `redis-cli ${words.join(' ')}`);
    expect((await asNobody('ping')).trim()).toBe('PONG');
    for (const command of ['publish updates:nobody x', 'get x', 'info', 'acl list'])
      expect(await asNobody(command)).toMatch(/^NOPERM/);

    const asService = (...words: string[]) => asNobody('-u', redisUrl, ...words);
    const redisUrl = await secret('redis-url');
    expect((await asService('publish updates:nobody x')).trim()).toBe('0');
    for (const command of ['publish other x', 'get x', 'flushall', 'config get dir'])
      expect(await asService(command)).toMatch(/NOPERM/);
  });

  it("[BOX-9] MySQL: the services' user reads and writes rows, and changes no schema", async () => {
    const asService = (sql: string) =>
      project.shell(
        'mysql',
        `MYSQL_PWD="$(cat /run/secrets/database-password)" mysql -h 127.0.0.1 -u postline -N postline -e "${sql}"`,
      );
    expect((await asService('SHOW GRANTS')).trim().split('\n')).toEqual([
      expect.stringMatching(/^GRANT USAGE ON \*\.\* TO /),
      expect.stringMatching(/^GRANT SELECT, INSERT, UPDATE, DELETE ON `postline`\.\* TO /),
    ]);
    for (const sql of [
      'DROP TABLE messages',
      'CREATE TABLE more (id INT)',
      'ALTER TABLE messages ADD more INT',
    ])
      await expect(asService(sql)).rejects.toThrow(/ERROR 1142/);
  });
});

describe('containers', () => {
  it.each(ALL_SERVICES)(
    '[BOX-3] [BOX-10] %s is confined, and its memory and processes are bounded',
    async (service) => {
      const { HostConfig } = await project.inspect(service);
      expect(HostConfig).toMatchObject({
        ReadonlyRootfs: true,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges:true'],
        PidsLimit: 512,
      });
      expect(HostConfig.Memory).toBeGreaterThan(0);
    },
  );

  it.each(ALL_SERVICES)('[BOX-9] the environment of %s holds no secret', async (service) => {
    const environment = await project.shell(service, 'env');
    for (const name of ['database-password', 'client-token-secret', 'publish-key', 'redis-url'])
      expect(environment).not.toContain(await secret(name));
  });
});

async function secret(name: string): Promise<string> {
  return (await readFile(join(secretsFolder, name), 'utf8')).trim();
}

/** A token as the documented command makes it. */
async function tokenOf(clientId: string): Promise<string> {
  const words = ['node', 'websocket-server/dist/token.js', clientId];
  return (await project.compose('exec', '-T', 'websocket-server', ...words)).trim();
}

async function publishWith(authorization: string | undefined) {
  const response = await fetch(apiUrl, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    },
    body: JSON.stringify({ message: 'Hello Client 1!', targetId: 1 }),
  });
  return { status: response.status, body: await response.json() };
}
