import { randomBytes } from 'node:crypto';
import {
  launch,
  type RealServers,
  type ServiceEnvironment,
  type ServiceProcess,
  serverEnvironment,
  startApi,
  type StartedProcess,
  startRelay,
} from '@postline/test-support';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { inject } from 'vitest';

export interface ReadinessAnswer {
  readonly code: number;
  readonly status: string;
  readonly parts: { readonly database: { readonly status: string; readonly reason?: string } };
  readonly warnings: readonly string[];
}

export async function readinessOf({ url }: { readonly url: string }): Promise<ReadinessAnswer> {
  const answer = await fetch(`${url}/readyz`);
  return { code: answer.status, ...((await answer.json()) as Omit<ReadinessAnswer, 'code'>) };
}

export interface Services {
  readonly api: ServiceProcess;
  readonly relay: ServiceProcess;
  stop(): Promise<void>;
}

function serversOf(databaseUrl: string): RealServers {
  return { databaseUrl, redisUrl: inject('redisUrl'), redisPrefix: `${randomBytes(4).toString('hex')}:` };
}

/** An API and a relay on one database; resolves when both are ready. */
export async function startServices(databaseUrl: string, env: ServiceEnvironment = {}): Promise<Services> {
  const servers = serversOf(databaseUrl);
  const api = await startApi(servers, env);
  const relay = await startRelay(servers, env);
  return {
    api,
    relay,
    stop: async () => {
      await Promise.all([api.stop(), relay.stop()]);
    },
  };
}

/** A service that is not expected to become ready. */
export function launchOn(service: string, databaseUrl: string, env: ServiceEnvironment = {}): StartedProcess {
  return launch(service, { ...serverEnvironment(serversOf(databaseUrl)), PORT: '0', ...env });
}

/** Where a launched service listens; undefined before it does. */
export function listeningUrl(service: StartedProcess): string | undefined {
  const port = /"port":(\d+),"msg":"listening"/.exec(service.output())?.[1];
  return port === undefined ? undefined : `http://127.0.0.1:${port}`;
}

/** Lines of the log that match, as `level: message`. */
export function logLines(service: StartedProcess, words: RegExp): readonly string[] {
  const lines = service.output().split('\n');
  const entries = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogEntry);
  return entries.map(({ level, msg }) => `${level}: ${msg}`).filter((line) => words.test(line));
}

interface LogEntry {
  readonly level: string;
  readonly msg: string;
}

/** Runs statements one after the other as root, outside any database; resolves to the rows of the last. */
export async function runAsRoot(port: number, ...statements: readonly string[]): Promise<RowDataPacket[]> {
  const connection = await createConnection(`mysql://root@127.0.0.1:${port}`);
  let rows: RowDataPacket[] = [];
  try {
    for (const statement of statements) [rows] = await connection.query<RowDataPacket[]>(statement);
  } finally {
    await connection.end();
  }
  return rows;
}
