import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { migrate } from '@postline/message-store/mysql';
import { createPublisherKey } from '@postline/publisher-keys';
import {
  freePort,
  type ServiceProcess,
  startDatabase,
  startApi,
  startRelay,
  type TestDatabase,
} from '@postline/test-support';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshServers } from '../../../tests/e2e/system.ts';
import { type CommandEnvironment, postline, postlineOnTerminal } from '../support/command.ts';

const SECRET = 'u7Zz3mJ0p9Qx5Lr2Vw8Kt4Hs6Bn1Yc0D';
const OTHER_SECRET = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6';
const { key, entry } = createPublisherKey({ name: 'doctor', scopes: [] });

let database: TestDatabase;
let services: readonly ServiceProcess[];
/** With everything that the doctor can be given. */
let env: Record<string, string>;
let lateRelayUrl: string;

beforeAll(async () => {
  const fresh = await freshServers();
  const { servers } = fresh;
  database = fresh.database;
  const auth = { AUTH: 'required', PUBLISH_KEYS: entry, CLIENT_TOKEN_SECRET: SECRET };
  const api = await startApi(servers, auth);
  // As good as another Redis: no hint of the API reaches it.
  const [relay, lateRelay] = await Promise.all([
    startRelay(servers, auth),
    startRelay({ ...servers, redisPrefix: 'elsewhere:' }, auth),
  ]);
  services = [api, relay, lateRelay];
  lateRelayUrl = lateRelay.url;
  env = {
    POSTLINE_API_URL: api.url,
    POSTLINE_RELAY_URL: relay.url,
    POSTLINE_KEY: key,
    CLIENT_TOKEN_SECRET: SECRET,
    DATABASE_URL: servers.databaseUrl,
    REDIS_URL: servers.redisUrl,
    REDIS_PREFIX: servers.redisPrefix,
  };
});
afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await database.drop();
});

interface Finding {
  readonly check: string;
  readonly status: string;
  readonly text: string;
  readonly todo?: string;
}

async function examine(changes: CommandEnvironment = {}, ...words: readonly string[]) {
  const { code, records, stdout, stderr } = await postline(['doctor', ...words], { ...env, ...changes });
  expect(stderr).toBe('');
  for (const secret of [SECRET, OTHER_SECRET, key]) expect(stdout).not.toContain(secret);
  const findings = records() as unknown as readonly Finding[];
  return { code, findings, faults: findings.filter(({ status }) => status === 'fault') };
}

it('[CLI-6] finds nothing wrong with a healthy deployment, in a pipe and on a terminal', async () => {
  const [{ code, findings }, terminal] = await Promise.all([
    examine(),
    postlineOnTerminal(['doctor'], { ...env, NO_COLOR: '1' }),
  ]);
  expect([code, findings.filter(({ status }) => status !== 'ok')]).toEqual([0, []]);
  expect(findings.map(({ check }) => check)).toEqual([
    'configuration',
    'database',
    'redis',
    'api',
    'relay',
    'end to end',
    'clock',
  ]);
  expect(terminal).toMatch(
    /^STATUS +CHECK +FINDING\r\nok +configuration[^]*ok +end to end +3 messages arrived/,
  );
});

const WRONG_ENVIRONMENTS: readonly (Omit<Finding, 'status'> & {
  readonly what: string;
  readonly changes: CommandEnvironment;
})[] = [
  {
    what: 'the key is unknown',
    changes: { POSTLINE_KEY: 'pk_unknown' },
    check: 'end to end',
    text: 'does not accept a message: unauthorized',
    todo: 'Set POSTLINE_KEY',
  },
  {
    what: 'the token is signed with another secret',
    changes: { CLIENT_TOKEN_SECRET: OTHER_SECRET },
    check: 'end to end',
    text: 'does not accept the connection',
    todo: 'Set CLIENT_TOKEN_SECRET',
  },
  {
    what: 'there is no token',
    changes: { CLIENT_TOKEN_SECRET: '' },
    check: 'end to end',
    text: 'does not accept the connection',
    todo: 'POSTLINE_TOKEN',
  },
  {
    what: 'a setting is wrong',
    changes: { REDIS_URL: 'http://localhost' },
    check: 'configuration',
    text: 'REDIS_URL: must be',
    todo: 'Correct REDIS_URL',
  },
];

it.each(WRONG_ENVIRONMENTS)('[CLI-6] $what', async ({ changes, check, text, todo }) => {
  const { code, faults } = await examine(changes);
  expect(code).toBe(1);
  expect(faults[0]).toMatchObject({
    check,
    text: expect.stringContaining(text),
    todo: expect.stringContaining(todo ?? ''),
  });
});

it('[CLI-6] the API, the relay, Redis and the database are away: each has its line', async () => {
  const away = `127.0.0.1:${await freePort()}`;
  const { code, faults, findings } = await examine({
    POSTLINE_API_URL: `http://${away}`,
    POSTLINE_RELAY_URL: `ws://${away}`,
    REDIS_URL: `redis://${away}`,
    DATABASE_URL: `mysql://root@${away}/postline`,
  });
  expect(code).toBe(1);
  expect(faults).toEqual([
    {
      check: 'database',
      status: 'fault',
      text: expect.stringContaining('nothing listens'),
      todo: expect.stringMatching(/^Start the database/),
    },
    {
      check: 'redis',
      status: 'fault',
      text: expect.stringContaining('connection refused'),
      todo: expect.stringMatching(/^Start Redis/),
    },
    {
      check: 'api',
      status: 'fault',
      text: expect.stringContaining('ECONNREFUSED'),
      todo: expect.stringMatching(/^Start the api .*POSTLINE_API_URL/),
    },
    {
      check: 'relay',
      status: 'fault',
      text: expect.stringContaining('ECONNREFUSED'),
      todo: expect.stringMatching(/^Start the relay .*POSTLINE_RELAY_URL/),
    },
  ]);
  expect(findings.filter(({ status }) => status === 'skipped').map(({ check }) => check)).toEqual([
    'end to end',
    'clock',
  ]);
});

it('[CLI-6] a database that does not exist, and one without the schema', async () => {
  const [unknown, empty] = await Promise.all([
    examine({ DATABASE_URL: `${database.url}_not` }),
    examine({ DATABASE_URL: database.url.replace(/[^/]+$/, 'mysql') }),
  ]);
  expect(unknown.faults).toMatchObject([
    { check: 'database', todo: expect.stringMatching(/^Create the database/) },
  ]);
  expect(empty.faults).toMatchObject([
    { check: 'database', todo: expect.stringContaining('it migrates the schema') },
  ]);
});

it('[CLI-6] a database that takes no writes', async () => {
  const server = await startDatabase();
  const { url } = await server.createDatabase();
  await migrate({ databaseUrl: url, folder: new URL('../../../db/migrations/', import.meta.url) });
  const connection = await createConnection(url);
  await connection.query('SET GLOBAL read_only = 1');
  await connection.end();
  const { code, faults } = await examine({ DATABASE_URL: url });
  expect(code).toBe(1);
  expect(faults).toMatchObject([
    {
      check: 'database',
      text: expect.stringContaining('takes no writes'),
      todo: expect.stringContaining('end read_only'),
    },
  ]);
  await server.stop();
});

it('[CLI-6] an API and a relay on two Redis servers: messages arrive by comparison only', async () => {
  const { code, faults } = await examine({ POSTLINE_RELAY_URL: lateRelayUrl });
  expect(code).toBe(1);
  expect(faults).toMatchObject([
    {
      check: 'end to end',
      text: expect.stringContaining('arrive late'),
      todo: expect.stringContaining('same REDIS_URL and REDIS_PREFIX'),
    },
  ]);
});

it('[CLI-6] the token of a real client is tried, but the client is sent nothing', async () => {
  const { stdout } = await postline(['token', 'anna'], env);
  const { findings } = await examine({ CLIENT_TOKEN_SECRET: '', AUTH: '', POSTLINE_TOKEN: stdout.trim() });
  expect(findings.find(({ check }) => check === 'end to end')).toMatchObject({
    status: 'skipped',
    text: expect.stringContaining('anna'),
  });
});

it('[CLI-6] pages of an origin that is not allowed', async () => {
  const { faults } = await examine({}, '--origin', 'https://shop.example');
  expect(faults.map(({ todo }) => todo)).toEqual([
    'Add https://shop.example to the ALLOWED_ORIGINS of the API.',
    'Add https://shop.example to the ALLOWED_ORIGINS of the relay.',
  ]);
});

/** A service with this readiness, whose clock is two minutes ahead. */
async function startFakeService(readiness: object): Promise<Server> {
  const server = createServer((_request, response) => {
    response.setHeader('Date', new Date(Date.now() + 120_000).toUTCString());
    response.end(JSON.stringify(readiness));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

it('[CLI-6] what a service says about its parts, and a clock that is ahead', async () => {
  const database = { status: 'down', reason: 'the database takes no writes (it is read-only)' };
  const server = await startFakeService({
    status: 'not_ready',
    parts: { database, bus: { status: 'up' } },
    warnings: ['w'],
  });
  const { port } = server.address() as AddressInfo;
  const { code, findings, faults } = await examine({ POSTLINE_API_URL: `http://127.0.0.1:${port}` });
  expect(code).toBe(1);
  expect(faults).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        check: 'api',
        todo: 'At the api: Let DATABASE_URL lead to the primary, or end read_only there.',
      }),
      expect.objectContaining({
        check: 'clock',
        text: expect.stringMatching(/^the clock of the api is 1\d\d s ahead/),
      }),
    ]),
  );
  expect(findings).toContainEqual({ check: 'api', status: 'warning', text: 'w' });
  expect(findings).toContainEqual({ check: 'end to end', status: 'skipped', text: 'needs the database' });
  await new Promise((resolve) => server.close(resolve));
});
