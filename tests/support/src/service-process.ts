import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type StartedProcess, startProcess } from './child-process.ts';
import { makeTempFolder } from './temp-folder.ts';
import { waitUntil } from './wait-until.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const READY_MS = 60_000;

/** Of every service that a test starts: there is no load balancer that it would have to drain for. */
const TEST_ENVIRONMENT = { PATH: process.env['PATH'], HOST: '127.0.0.1', DRAIN_SECONDS: '0' };

/** The environment of a service; it inherits nothing but PATH from the tests. */
export type ServiceEnvironment = Readonly<Record<string, string>>;

export interface ServiceProcess {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  readonly process: StartedProcess;
  /** SIGTERM; the exit code. */
  readonly stop: () => Promise<number | string>;
  /** kill -9. */
  readonly kill: () => Promise<void>;
}

/** What a service is started with, where it is not this build on this Node. */
export interface ServiceProgram {
  readonly nodePath?: string;
  /** The root of another build of this project. */
  readonly root?: string;
}

export interface RealServers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly redisPrefix: string;
}

/** Starts the built API as a separate process; resolves when it is ready. */
export function startApi(
  servers: RealServers,
  env: ServiceEnvironment = {},
  program?: ServiceProgram,
): Promise<ServiceProcess> {
  return startService('api-server', { ...serverEnvironment(servers), ...env }, program);
}

/** Starts the built relay as a separate process; resolves when it is ready. */
export function startRelay(
  servers: RealServers,
  env: ServiceEnvironment = {},
  program?: ServiceProgram,
): Promise<ServiceProcess> {
  return startService('websocket-server', { ...serverEnvironment(servers), ...env }, program);
}

export interface StandaloneProcess {
  readonly apiUrl: string;
  readonly relayUrl: string;
  readonly process: StartedProcess;
  /** SIGTERM, and the temp folder removed; the exit code. */
  readonly stop: () => Promise<number | string>;
}

/** Starts what `npm start` runs, on free ports and (where DATA_DIR isn't given) a temp folder; resolves when ready. */
export async function startStandalone(env: ServiceEnvironment = {}): Promise<StandaloneProcess> {
  const folder = await makeTempFolder('standalone');
  const process = launch('standalone', { API_PORT: '0', RELAY_PORT: '0', DATA_DIR: folder.path, ...env });
  const apiUrl = `http://127.0.0.1:${await listeningPort(process, 'api-server')}`;
  const relayUrl = `http://127.0.0.1:${await listeningPort(process, 'websocket-server')}`;
  await Promise.all([ready(process, apiUrl), ready(process, relayUrl)]);
  const stop = async () => {
    const code = await process.end();
    await folder.remove();
    return code;
  };
  return { apiUrl, relayUrl, process, stop };
}

/** A service's environment for one database and one Redis. */
export function serverEnvironment({ databaseUrl, redisUrl, redisPrefix }: RealServers): ServiceEnvironment {
  return { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, REDIS_PREFIX: redisPrefix };
}

async function startService(
  service: string,
  env: ServiceEnvironment,
  program?: ServiceProgram,
): Promise<ServiceProcess> {
  const process = launch(service, { PORT: '0', ...env }, program);
  const port = await listeningPort(process, service);
  const url = `http://127.0.0.1:${port}`;
  await ready(process, url);
  return {
    url,
    port,
    process,
    stop: () => process.end(),
    kill: async () => {
      await process.end('SIGKILL');
    },
  };
}

/**
 * What starts a workspace: its bundle or, in a build that has none, its modules. A build from before there were bundles has
 * none, and a copy whose modules a test replaces.
 */
export function programOf(workspace: string, root = ROOT): string {
  const bundle = join(root, 'dist', `${workspace}.mjs`);
  return existsSync(bundle) ? bundle : join(root, workspace, 'dist/main.js');
}

/** Starts the program of a workspace with these variables, and those that every service of a test has. */
export function launch(
  workspace: string,
  env: ServiceEnvironment,
  { nodePath = process.execPath, root = ROOT }: ServiceProgram = {},
): StartedProcess {
  return startProcess({
    command: nodePath,
    args: [programOf(workspace, root)],
    env: { ...TEST_ENVIRONMENT, ...env },
    cwd: root,
  });
}

function listeningPort(service: StartedProcess, name: string): Promise<number> {
  const port = () => service.output().split('\n').map(portOf(name)).find(Boolean);
  return unlessItEnds(service, waitUntil(`${name} listens`, port, READY_MS));
}

async function ready(service: StartedProcess, url: string): Promise<void> {
  const isReady = async () => (await fetch(`${url}/readyz`)).ok;
  await unlessItEnds(service, waitUntil(`${url} is ready`, isReady, READY_MS));
}

/** If the process ends first, rejects with its output. */
function unlessItEnds<T>(service: StartedProcess, fact: Promise<T>): Promise<T> {
  const end = service.ended.then((code) => {
    throw new Error(`the process ended with ${code}:\n${service.output()}`);
  });
  return Promise.race([fact, end]);
}

/** The port in this service's log line "listening". */
function portOf(name: string): (line: string) => number | undefined {
  return (line) => {
    if (!line.includes('"msg":"listening"')) return undefined;
    const entry = JSON.parse(line) as { service: string; port: number };
    return entry.service === name ? entry.port : undefined;
  };
}
