/**
 * Sees to the programs that the tests need beside Node: redis-server, MariaDB or MySQL, and Chromium. On Debian, as
 * root, it installs what is missing; elsewhere it says in one line what is missing and how to get it. Given names of
 * executables (`mariadbd`), it sees to the programs that have these, and to no other.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface TestProgram {
  readonly need: string;
  /** Any of these will do. */
  readonly executables: readonly string[];
  readonly debianPackages: readonly string[];
}

const TEST_PROGRAMS: readonly TestProgram[] = [
  { need: 'Redis', executables: ['redis-server'], debianPackages: ['redis-server'] },
  { need: 'MariaDB or MySQL', executables: ['mariadbd', 'mysqld'], debianPackages: ['mariadb-server'] },
  {
    need: 'Chromium',
    executables: ['chromium', 'chromium-browser', 'google-chrome'],
    debianPackages: ['chromium', 'fonts-dejavu-core'],
  },
];

const SEARCHED_FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

function findExecutable(names: readonly string[]): string | undefined {
  const candidates = names.flatMap((name) => SEARCHED_FOLDERS.map((folder) => join(folder, name)));
  return candidates.find((path) => existsSync(path));
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && findExecutable(['apt-get']) !== undefined;
}

function install(debianPackages: readonly string[]): void {
  // A policy-rc.d that says no: the tests start servers of their own, the system's must not start.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...words: string[]) =>
    spawnSync('apt-get', words, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  apt('update', '-qq');
  const { status } = apt('install', '-y', '-qq', '--no-install-recommends', ...debianPackages);
  if (status !== 0) throw new Error(`apt-get install ${debianPackages.join(' ')} failed`);
}

function main(wanted: readonly string[]): void {
  const programs = TEST_PROGRAMS.filter(
    ({ executables }) => wanted.length === 0 || executables.some((name) => wanted.includes(name)),
  );
  const missing = programs.filter((program) => findExecutable(program.executables) === undefined);
  if (missing.length > 0 && canInstall()) {
    const debianPackages = missing.flatMap((program) => program.debianPackages);
    console.log(`installing for the tests: ${debianPackages.join(' ')}`);
    install(debianPackages);
  }
  for (const { need, executables, debianPackages } of programs) {
    const path = findExecutable(executables);
    if (path === undefined) {
      console.error(
        `missing for the tests: ${need} (on Debian: apt-get install ${debianPackages.join(' ')})`,
      );
      process.exitCode = 1;
    } else {
      const version = execFileSync(path, ['--version'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).split('\n')[0];
      console.log(`found for the tests: ${version}`);
    }
  }
}

main(process.argv.slice(2));
