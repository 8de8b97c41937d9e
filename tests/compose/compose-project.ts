import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@postline/test-support';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

const execute = promisify(execFile);

/** One container, as `docker inspect` tells. */
interface InspectedContainer {
  readonly State: { readonly Status: string; readonly ExitCode: number; readonly OOMKilled: boolean };
  readonly HostConfig: {
    readonly Memory: number;
    readonly PidsLimit: number | null;
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly PortBindings: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[] | null>>;
  };
  readonly Mounts: readonly { readonly Type: string; readonly Destination: string; readonly Name?: string }[];
}

/** The project's docker-compose.yml with a separate name, ports and password, so that it disturbs no other project. */
export interface ComposeProject {
  readonly name: string;
  readonly apiPort: number;
  readonly relayPort: number;
  /** What the database was told as its user's password. */
  readonly databasePassword: string;
  /** Runs `docker compose …`; what it printed on standard output. Rejects with both outputs where it fails. */
  readonly compose: (...words: readonly string[]) => Promise<string>;
  /** Runs a shell command in a service's container. */
  readonly shell: (service: string, command: string) => Promise<string>;
  readonly inspect: (service: string) => Promise<InspectedContainer>;
  /** Names or ids of everything that docker has of this project: containers, volumes, networks and images. */
  readonly remains: () => Promise<readonly string[]>;
  /** Takes everything away again, also what a failed start has left. */
  readonly remove: () => Promise<void>;
}

/** Runs `docker …`; what it printed on standard output. */
export async function docker(...words: readonly string[]): Promise<string> {
  return await run(words, process.env);
}

export interface ComposeProjectOptions {
  /** Compose files of the repository, each over the ones before it. */
  readonly files?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Prepares a project; nothing is started yet. */
export async function composeProject({
  files = ['docker-compose.yml'],
  environment = {},
}: ComposeProjectOptions = {}): Promise<ComposeProject> {
  const name = `postline-test-${randomBytes(4).toString('hex')}`;
  const [apiPort, relayPort] = [await freePort(), await freePort()];
  const databasePassword = randomBytes(16).toString('hex');
  const env = {
    ...withoutComposeVariables(process.env),
    API_PORT: String(apiPort),
    RELAY_PORT: String(relayPort),
    DATABASE_PASSWORD: databasePassword,
    ...environment,
  };
  const fileWords = files.flatMap((file) => ['--file', `${ROOT}${file}`]);
  const compose = (...words: readonly string[]) =>
    run(['compose', '--project-name', name, '--project-directory', ROOT, ...fileWords, ...words], env);
  return {
    name,
    apiPort,
    relayPort,
    databasePassword,
    compose,
    shell: (service, command) => compose('exec', '-T', service, 'sh', '-c', command),
    inspect: async (service) => {
      const id = (await compose('ps', '--all', '--quiet', service)).trim();
      const [container] = JSON.parse(await docker('inspect', id)) as InspectedContainer[];
      if (container === undefined) throw new Error(`there is no container of ${service}`);
      return container;
    },
    remains: () => remainsOf(name),
    remove: async () => {
      await compose('down', '--volumes', '--remove-orphans', '--rmi', 'local', '--timeout', '5');
    },
  };
}

async function remainsOf(name: string): Promise<readonly string[]> {
  const label = `label=com.docker.compose.project=${name}`;
  const lists = await Promise.all([
    docker('ps', '--all', '--quiet', '--filter', label),
    docker('volume', 'ls', '--quiet', '--filter', label),
    docker('network', 'ls', '--quiet', '--filter', label),
    docker('images', '--quiet', '--filter', `reference=${name}-*`),
  ]);
  return lists.flatMap((list) => list.split('\n')).filter((line) => line !== '');
}

const COMPOSE_FILE_VARIABLES = new Set([
  'ALLOWED_ORIGINS',
  'LOG_LEVEL',
  'PUBLIC_API_URL',
  'SECRETS_FOLDER',
  'TRUSTED_PROXIES',
]);

/** What a developer has set for compose must not reach the tests' own project. */
function withoutComposeVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([key]) => !key.startsWith('COMPOSE_') && !COMPOSE_FILE_VARIABLES.has(key)),
  );
}

async function run(words: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await execute('docker', words, { env, cwd: ROOT, maxBuffer: OUTPUT_BYTES_MAX });
  return stdout;
}
