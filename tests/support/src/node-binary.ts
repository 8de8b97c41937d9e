import { spawnSync } from 'node:child_process';

export interface NodeBinary {
  /** Absolute. */
  readonly path: string;
  /** `v26.1.0` */
  readonly version: string;
}

/** By major version, the releases that `engines` in package.json allows. */
const SUPPORTED_RANGES: Readonly<Record<string, string>> = {
  20: '^20.19.0',
  22: '^22.0.0',
  24: '^24.0.0',
  26: '^26.0.0',
};

/** The major versions of Node that Postline supports, the oldest first. */
export const SUPPORTED_NODE_MAJORS: readonly string[] = Object.keys(SUPPORTED_RANGES);

const START_MS_MAX = 20_000;

/**
 * The newest release of a major version that npm can get: package `node-<platform>-<architecture>`, kept in npm's own
 * cache. Throws, with a message for the user, if the version is not supported or npm can't get it.
 */
export function fetchNode(major: string): NodeBinary {
  const range = SUPPORTED_RANGES[major];
  if (range === undefined)
    throw new Error(`Node ${major} is not supported; choose from ${SUPPORTED_NODE_MAJORS.join(', ')}`);
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}@${range}`;
  const args = ['exec', '--yes', `--package=${name}`, '--', 'node', '-p', 'process.execPath'];
  const { status, stdout, stderr } = spawnSync('npm', args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`Node ${major} is not available: npm can't get ${name}\n${stderr.trim()}`);
  const node = openNode(stdout.trim());
  // npm runs the Node that is installed if the package has no program of that name.
  if (!node.version.startsWith(`v${major}.`)) throw new Error(`${name} has Node ${node.version}`);
  return node;
}

/** The Node at this path. Throws, with one line for the user, if there is none. */
export function openNode(path: string): NodeBinary {
  const { status, stdout, error } = spawnSync(path, ['-p', 'process.version'], {
    encoding: 'utf8',
    timeout: START_MS_MAX,
  });
  if (error !== undefined)
    throw new Error(`${path} can't be executed (${(error as NodeJS.ErrnoException).code ?? error.message})`);
  const version = stdout.trim();
  if (status !== 0 || !/^v\d+\.\d+\.\d+/.test(version)) throw new Error(`${path} is not Node`);
  return { path, version };
}
