/**
 * Finds the programs that the tests need besides Node: redis-server, MariaDB or MySQL, promtool, Chromium, and the
 * interpreters of the examples. As root on Debian it installs missing ones; elsewhere it prints one line for each, with
 * how to get it. With names of executables as arguments (`mariadbd`), it handles only these.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

interface TestProgram {
  readonly need: string;
  /** Any of these is enough. */
  readonly executables: readonly string[];
  readonly debianPackages: readonly string[];
  /** The argument that prints its version; `--version` if left out. */
  readonly versionWord?: string;
  /** What is skipped without it. Left out: the tests require it. */
  readonly skipped?: string;
}

const TEST_PROGRAMS: readonly TestProgram[] = [
  { need: 'Redis', executables: ['redis-server'], debianPackages: ['redis-server'] },
  { need: 'MariaDB or MySQL', executables: ['mariadbd', 'mysqld'], debianPackages: ['mariadb-server'] },
  { need: 'promtool of Prometheus', executables: ['promtool'], debianPackages: ['prometheus'] },
  { need: 'OpenSSL', executables: ['openssl'], versionWord: 'version', debianPackages: ['openssl'] },
  { need: 'HAProxy', executables: ['haproxy'], versionWord: '-v', debianPackages: ['haproxy'] },
  { need: 'a terminal for programs', executables: ['script'], debianPackages: ['bsdutils'] },
  {
    need: 'Chromium',
    executables: ['chromium', 'chromium-browser', 'google-chrome'],
    debianPackages: ['chromium', 'fonts-dejavu-core'],
  },
  { need: 'curl', executables: ['curl'], debianPackages: ['curl'], skipped: 'examples/publish.sh' },
  { need: 'PHP', executables: ['php'], debianPackages: ['php-cli'], skipped: 'examples/publish.php' },
  { need: 'Python', executables: ['python3'], debianPackages: ['python3'], skipped: 'examples/publish.py' },
];

const SEARCHED_FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

function findExecutable(names: readonly string[]): string | undefined {
  const candidates = names.flatMap((name) => SEARCHED_FOLDERS.map((folder) => join(folder, name)));
  return candidates.find((path) => existsSync(path));
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && findExecutable(['apt-get']) !== undefined;
}

/** Installs one program after the other, so that an unavailable one does not prevent the others. */
function install(programs: readonly TestProgram[]): void {
  // The system's servers must not start: the tests start their own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const apt = (...words: string[]) =>
    spawnSync('apt-get', words, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  apt('update', '-qq');
  for (const { debianPackages } of programs) {
    console.log(`installing for the tests: ${debianPackages.join(' ')}`);
    apt('install', '-y', '-qq', '--no-install-recommends', ...debianPackages);
  }
}

function sayMissing({ need, debianPackages, skipped }: TestProgram): void {
  const remedy = `${need} (on Debian: apt-get install ${debianPackages.join(' ')})`;
  if (skipped === undefined) {
    console.error(`missing for the tests: ${remedy}`);
    process.exitCode = 1;
  } else {
    console.error(`missing: ${remedy}; the tests of ${skipped} are skipped`);
  }
}

function sayFound(path: string, versionWord = '--version'): void {
  const version = execFileSync(path, [versionWord], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  console.log(`found for the tests: ${version.split('\n')[0]}`);
}

function main(wanted: readonly string[]): void {
  const programs = TEST_PROGRAMS.filter(
    ({ executables }) => wanted.length === 0 || executables.some((name) => wanted.includes(name)),
  );
  const missing = programs.filter((program) => findExecutable(program.executables) === undefined);
  if (missing.length > 0 && canInstall()) install(missing);
  for (const program of programs) {
    const path = findExecutable(program.executables);
    if (path === undefined) sayMissing(program);
    else sayFound(path, program.versionWord);
  }
}

main(process.argv.slice(2));
