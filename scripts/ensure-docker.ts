/** Checks that the Docker tests can run. If not, one line names what is missing, and the exit code is 1. */
import { spawnSync } from 'node:child_process';

interface DockerPart {
  readonly need: string;
  /** Arguments of a `docker` command that succeeds if the part is there. */
  readonly words: readonly string[];
}

const PARTS: readonly DockerPart[] = [
  { need: 'the docker command', words: ['--version'] },
  { need: 'a Docker engine that answers (is it started, and may this user reach it?)', words: ['info'] },
  { need: 'the plugin "docker compose", version 2', words: ['compose', 'version'] },
];

const missing = PARTS.find(({ words }) => spawnSync('docker', words, { stdio: 'ignore' }).status !== 0);
if (missing !== undefined) {
  console.error(`missing for the Docker tests: ${missing.need}`);
  process.exitCode = 1;
}
