import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import {
  createTestDatabase,
  type RealServers,
  type ServiceEnvironment,
  type ServiceProcess,
  startApi,
  startRelay,
  type TestDatabase,
  waitUntil,
} from '@postline/test-support';
import { inject } from 'vitest';

export interface System {
  readonly servers: RealServers;
  readonly database: TestDatabase;
  readonly api: ServiceProcess;
  readonly relay: ServiceProcess;
  /** SIGTERM to both, and the database dropped. */
  stop(): Promise<void>;
}

/** A new empty database and an unused Redis prefix on the shared servers. */
export async function freshServers(): Promise<{ servers: RealServers; database: TestDatabase }> {
  const database = await createTestDatabase(inject('databaseServerUrl'));
  const redisPrefix = `${randomBytes(4).toString('hex')}:`;
  return { database, servers: { databaseUrl: database.url, redisUrl: inject('redisUrl'), redisPrefix } };
}

/** One API process and one relay process, on the shared Redis and database server. */
export async function startSystem(env: ServiceEnvironment = {}): Promise<System> {
  const { servers, database } = await freshServers();
  const api = await startApi(servers, env);
  const relay = await startRelay(servers, env);
  const stop = async () => {
    await Promise.all([api.stop(), relay.stop()]);
    await database.drop();
  };
  return { servers, database, api, relay, stop };
}

export interface TwoApiSystem extends System {
  readonly secondApi: ServiceProcess;
}

/** The same with a second API. */
export async function startTwoApiSystem(): Promise<TwoApiSystem> {
  const system = await startSystem();
  const secondApi = await startApi(system.servers);
  const stop = async () => {
    await secondApi.stop();
    await system.stop();
  };
  return { ...system, secondApi, stop };
}

interface Fault {
  readonly fault: string;
  readonly begin: () => unknown;
  readonly end: () => unknown;
}

interface FaultyServer {
  readonly pid: () => number;
  readonly freeze: () => void;
  readonly thaw: () => void;
  readonly kill: () => Promise<void>;
  readonly startAgain: () => Promise<void>;
}

/** Whether every thread has stopped: on a busy machine, one may still answer a moment after the signal. */
function isStopped(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((id) => / T /.test(readFileSync(`/proc/${pid}/task/${id}/stat`, 'latin1')));
}

/** Faults of a server that the test starts; a function, because the server starts after this table is made. */
export function freezeAndKill(server: () => FaultyServer): Fault[] {
  return [
    {
      fault: 'frozen',
      begin: async () => {
        server().freeze();
        await waitUntil('it has stopped', () => isStopped(server().pid()));
      },
      end: () => {
        server().thaw();
      },
    },
    { fault: 'killed', begin: () => server().kill(), end: () => server().startAgain() },
  ];
}
