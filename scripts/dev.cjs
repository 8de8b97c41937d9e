/**
 * `npm run dev`: both services in one process, compiled and restarted after each change. While something does not
 * compile, the errors are shown and the last good version keeps running. Arguments and environment as for `npm start`.
 */
const { spawn } = require('node:child_process');
const { watch } = require('node:fs');
const { join } = require('node:path');
const ts = require('typescript');

const ROOT = join(__dirname, '..');
const PROJECTS = ['standalone', 'packages/client-sdk', 'web-client'];
/** Read by the services at their start; everything else is compiled. */
const READ_AT_START = ['web-client', 'db/migrations'];
const READ_FILE = /\.(?:css|html|svg|sql)$/;
/** An editor writes a file in several steps. */
const QUIET_MS = 100;

/** Nobody waits for the sockets of a developer's own page to be closed one after the other. */
const env = { DRAIN_MS: '0', ...process.env };

let service;
let isEnding = false;
let isRestarting = false;
let isStale = false;
let quiet;

function say(text) {
  process.stderr.write(`dev: ${text}\n`);
}

function ended(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once('exit', resolve);
  });
}

async function bundle(folder) {
  return await ended(spawn(process.execPath, ['bundle.cjs'], { cwd: join(ROOT, folder), stdio: 'inherit' }));
}

function start() {
  const words = [join(ROOT, 'standalone/dist/main.js'), ...process.argv.slice(2)];
  const child = spawn(process.execPath, words, { cwd: ROOT, env, stdio: 'inherit' });
  child.once('exit', (code, signal) => {
    if (child === service && !isEnding) say(`the services ended (${signal ?? code}); waiting for a change`);
  });
  service = child;
}

async function stop() {
  const child = service;
  service = undefined;
  if (child === undefined) return;
  const end = ended(child);
  child.kill('SIGTERM');
  await end;
}

async function restart() {
  isStale = true;
  if (isRestarting) return;
  isRestarting = true;
  while (isStale && !isEnding) {
    isStale = false;
    const codes = await Promise.all(['packages/client-sdk', 'web-client'].map(bundle));
    if (codes.some((code) => code !== 0)) continue;
    await stop();
    if (!isEnding) start();
  }
  isRestarting = false;
}

function restartSoon() {
  clearTimeout(quiet);
  quiet = setTimeout(() => void restart(), QUIET_MS);
}

const formatHost = {
  getCanonicalFileName: (name) => name,
  getCurrentDirectory: () => ROOT,
  getNewLine: () => '\n',
};

function reportDiagnostic(diagnostic) {
  const format = process.stderr.isTTY ? ts.formatDiagnosticsWithColorAndContext : ts.formatDiagnostics;
  process.stderr.write(format([diagnostic], formatHost));
}

/** The compiler's status: that it begins, or how many errors there are. */
function reportWatchStatus({ messageText }) {
  const errors = /^Found (\d+) error/.exec(String(messageText))?.[1];
  if (errors === undefined) say('compiling …');
  else if (errors !== '0') say(`${errors} errors; waiting for a change`);
  else restartSoon();
}

/** On Ctrl-C a terminal has signalled the services too; they ignore the second signal. */
async function end() {
  isEnding = true;
  await stop();
  process.exit(0);
}

process.on('SIGINT', () => void end());
process.on('SIGTERM', () => void end());
for (const folder of READ_AT_START) {
  watch(join(ROOT, folder), (_event, file) => {
    if (file !== null && READ_FILE.test(file)) restartSoon();
  });
}
const host = ts.createSolutionBuilderWithWatchHost(
  ts.sys,
  undefined,
  reportDiagnostic,
  () => undefined,
  reportWatchStatus,
);
const projects = PROJECTS.map((folder) => join(ROOT, folder));
ts.createSolutionBuilderWithWatch(host, projects, { incremental: true }).build();
