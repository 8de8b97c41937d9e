import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { type StartedProcess, startProcess } from './child-process.ts';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { makeTempFolder } from './temp-folder.ts';
import { waitUntil } from './wait-until.ts';

const START_MS = 60_000;

const run = promisify(execFile);

export interface TestDatabase {
  readonly name: string;
  /** `mysql://root@127.0.0.1:port/name` */
  readonly url: string;
  readonly drop: () => Promise<void>;
}

export interface DatabaseServer {
  readonly port: number;
  /** The process that runs now: another one after `startAgain`. */
  readonly pid: () => number;
  /** The server's URL without a database. */
  readonly url: string;
  /** A new empty database in the server's default character set. */
  readonly createDatabase: () => Promise<TestDatabase>;
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** kill -9. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same port and data after `kill`. */
  readonly startAgain: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts a new MariaDB (or MySQL) on a free port, with its data in a temp folder and an fsync at every commit. */
export async function startDatabase(extraOptions: readonly string[] = []): Promise<DatabaseServer> {
  const folder = await makeTempFolder('database');
  const port = await freePort();
  const program = findProgram('mariadbd', 'mysqld');
  await initialise(program, folder.path);
  const launch = () => launchServer({ program, folder: folder.path, port, extraOptions });
  let server = await launch();
  const url = `mysql://root@127.0.0.1:${port}`;
  return {
    port,
    pid: () => server.pid,
    url,
    createDatabase: () => createTestDatabase(url),
    freeze: () => {
      server.signal('SIGSTOP');
    },
    thaw: () => {
      server.signal('SIGCONT');
    },
    kill: async () => {
      await server.end('SIGKILL');
    },
    startAgain: async () => {
      server = await launch();
    },
    stop: async () => {
      await server.end('SIGKILL');
      await folder.remove();
    },
  };
}

/** Creates an empty database with a unique name on a running server. */
export async function createTestDatabase(serverUrl: string): Promise<TestDatabase> {
  const name = `postline_${randomBytes(6).toString('hex')}`;
  await runStatement(serverUrl, `CREATE DATABASE ${name}`);
  return { name, url: `${serverUrl}/${name}`, drop: () => runStatement(serverUrl, `DROP DATABASE ${name}`) };
}

async function runStatement(serverUrl: string, statement: string): Promise<void> {
  const connection = await createConnection(serverUrl);
  await connection.query(statement);
  await connection.end();
}

/** Sets up either kind of server so that root needs no password and may connect over TCP from this machine. */
async function initialise(program: string, folder: string): Promise<void> {
  const data = join(folder, 'data');
  const options = { env: await environmentOf(folder) };
  if (program.endsWith('mariadbd')) {
    const words = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal'];
    const extra = ['--skip-test-db', `--user=${processUser()}`, '--innodb-log-file-size=64M'];
    await run(findProgram('mariadb-install-db'), [...words, ...extra], options);
  } else {
    const words = ['--no-defaults', `--datadir=${data}`, '--initialize-insecure', `--user=${processUser()}`];
    await run(program, words, options);
  }
}

/** A starting server removes all temporary tables in its temporary folder, also those of other servers. */
async function environmentOf(folder: string): Promise<NodeJS.ProcessEnv> {
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  return { ...process.env, TMPDIR: temporary };
}

interface ServerLaunch {
  readonly program: string;
  readonly folder: string;
  readonly port: number;
  readonly extraOptions: readonly string[];
}

async function launchServer({ program, folder, port, extraOptions }: ServerLaunch): Promise<StartedProcess> {
  const server = startProcess({
    command: program,
    env: await environmentOf(folder),
    args: [
      '--no-defaults',
      `--user=${processUser()}`,
      `--datadir=${join(folder, 'data')}`,
      `--socket=${join(folder, 'server.sock')}`,
      `--pid-file=${join(folder, 'server.pid')}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      '--max-connections=500',
      '--innodb-flush-log-at-trx-commit=1',
      ...extraOptions,
    ],
  });
  await waitUntil(
    `the database answers on port ${port}`,
    async () => {
      if (server.hasEnded()) throw new Error(server.output());
      await runStatement(`mysql://root@127.0.0.1:${port}`, 'SELECT 1');
      return true;
    },
    START_MS,
  );
  return server;
}

function processUser(): string {
  return process.getuid?.() === 0 ? 'root' : (process.env['USER'] ?? 'mysql');
}
