/**
 * `npm run dev`: both services in one process, compiled and restarted after each change. While something does not
 * compile, the errors are shown and the last good version keeps running. Arguments and environment as for `npm start`.
 */
const { spawn } = require('node:child_process');
const { readdirSync, watch } = require('node:fs');
const { join } = require('node:path');

const ROOT = join(__dirname, '..');
const COMPILED = ['standalone', 'packages/client-sdk', 'web-client'];
const BUNDLED = ['packages/client-sdk', 'web-client'];
/** Each is watched with the folders in it. */
const WATCHED = ['api-server/src', 'db/migrations', 'standalone/src', 'web-client', 'websocket-server/src'];
const WATCHED_FILE = /\.(?:ts|css|html|svg|sql)$/;
const OUTPUT_FOLDER = /(?:^|[\\/])(?:dist|node_modules|test)(?:[\\/]|$)/;
/** An editor writes a file in several steps. */
const QUIET_MS = 100;

/** A developer waits for neither a load balancer nor for the sockets of the page to be closed one after the other. */
const env = { DRAIN_MS: '0', DRAIN_SECONDS: '0', ...process.env };

const watchers = new Map();
let service;
let isEnding = false;
let isBuilding = false;
let isStale = false;
let quiet;

function say(text) {
  process.stderr.write(`dev: ${text}\n`);
}

/** The exit code of a Node program; its output is that of this process. */
function run(folder, ...words) {
  const child = spawn(process.execPath, words, { cwd: join(ROOT, folder), stdio: 'inherit' });
  return new Promise((resolve) => child.once('exit', resolve));
}

async function compile() {
  if ((await run('.', require.resolve('typescript/bin/tsc'), '-b', ...COMPILED)) !== 0) return false;
  const codes = await Promise.all(BUNDLED.map((folder) => run(folder, 'bundle.cjs')));
  return codes.every((code) => code === 0);
}

function start() {
  const words = [join(ROOT, 'standalone/dist/main.js'), ...process.argv.slice(2)];
  const child = spawn(process.execPath, words, { cwd: ROOT, env, stdio: 'inherit' });
  child.ended = new Promise((resolve) => child.once('exit', resolve));
  child.once('exit', (code, signal) => {
    if (child === service && !isEnding) say(`the services ended (${signal ?? code}); waiting for a change`);
  });
  service = child;
}

async function stop() {
  const child = service;
  service = undefined;
  child?.kill('SIGTERM');
  await child?.ended;
}

/** Compiles and restarts, and once more if something has changed meanwhile. */
async function rebuild() {
  isStale = true;
  if (isBuilding) return;
  isBuilding = true;
  while (isStale && !isEnding) {
    isStale = false;
    watchFolders();
    say('compiling …');
    if (!(await compile())) say('it does not compile; waiting for a change');
    else if (!isStale && !isEnding) {
      await stop();
      if (!isEnding) start();
    }
  }
  isBuilding = false;
}

/** Watches each folder by itself, which works alike on every system, and finds new ones. */
function watchFolders() {
  const packages = readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/src`);
  for (const top of [...WATCHED, ...packages]) {
    let entries;
    try {
      entries = readdirSync(join(ROOT, top), { recursive: true, withFileTypes: true });
    } catch {
      continue; // a package without sources
    }
    const parents = entries.map((entry) => entry.parentPath ?? entry.path);
    for (const folder of new Set([join(ROOT, top), ...parents])) watchFolder(folder);
  }
}

function watchFolder(folder) {
  if (watchers.has(folder) || OUTPUT_FOLDER.test(folder.slice(ROOT.length))) return;
  const watcher = watch(folder, (_event, file) => {
    if (file === null || !WATCHED_FILE.test(file)) return;
    clearTimeout(quiet);
    quiet = setTimeout(() => void rebuild(), QUIET_MS);
  });
  watcher.once('error', () => watchers.delete(folder)); // it was removed
  watchers.set(folder, watcher);
}

/** On Ctrl-C a terminal has signalled the services too; they ignore the second signal. */
async function end() {
  isEnding = true;
  await stop();
  process.exit(0);
}

process.on('SIGINT', () => void end());
process.on('SIGTERM', () => void end());
void rebuild();
