import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { makeTempFolder, type TempFolder, waitUntil } from '@postline/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

const PACKAGE_FOLDER = new URL('../..', import.meta.url).pathname;

/** Far above what an answer takes; one that is blocked never comes. */
const ANSWER_MS = 10_000;

/** 8 MB as JSON, and 6 MB as the shorter lines of a terminal: more than a pipe and the lines that may wait take together. */
const TOO_MANY_LINES = 30_000;

/** A service that logs as many numbered lines as it is asked for and then answers, which a blocked one can't. */
const PROGRAM = `
  import { createLogger, createMetricsRegistry, runProcess } from '@postline/service-runtime';
  await runProcess({ usage: 'test', summary: '', settings: {} }, async () => {
    const logger = createLogger({ service: 'test', level: 'info' });
    const registry = createMetricsRegistry('test');
    let number = 0;
    process.on('message', async ({ lines, print }) => {
      for (let left = lines; left > 0; left -= 1) logger.info({ number: (number += 1) }, 'x'.repeat(150));
      if (print) {
        console.error('printed by a library');
        process.emitWarning('a warning of Node');
        await new Promise(setImmediate); // it comes in the next turn
      }
      const { values } = await registry.getSingleMetric('postline_log_lines_lost_total').get();
      process.send({ pid: process.pid, linesLost: values[0].value, residentBytes: process.memoryUsage.rss() });
    });
    const close = async () => new Promise((resolve) => process.send('closed in order', resolve));
    return { logger, shutdownDeadlineMs: 5000, close };
  });`;

/** The same from a shell. */
const COMMAND = '"$NODE" --input-type=module --eval "$PROGRAM"';

interface Answer {
  readonly pid: number;
  readonly linesLost: number;
  readonly residentBytes: number;
}

interface Service {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Logs so many lines, and has something printed if wanted; resolves with the answer that comes after them. */
  log(lines: number, options?: { print: boolean }): Promise<Answer>;
  /** SIGTERM; resolves when it has closed in order and is gone. */
  end(): Promise<void>;
}

type Destination = number | 'pipe' | 'ignore';

interface Start {
  readonly stdout: Destination;
  readonly stderr: Destination;
}

/** Runs a shell command in which the service is, with these as the shell's standard output and error. */
async function serve(command: string, { stdout, stderr }: Start): Promise<Service> {
  const child = spawn('sh', ['-c', command], {
    cwd: PACKAGE_FOLDER,
    env: { ...process.env, NODE: process.execPath, PROGRAM },
    stdio: ['ignore', stdout, stderr, 'ipc'],
  });
  const log = async (lines: number, { print } = { print: false }) => {
    const answered = once(child, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
    child.send({ lines, print });
    const [answer] = (await answered) as [Answer];
    return answer;
  };
  const { pid } = await log(0);
  onTestFinished(() => {
    child.kill('SIGKILL');
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  const end = async () => {
    const closed = once(child, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
    process.kill(pid, 'SIGTERM');
    expect(await closed).toEqual(['closed in order', undefined]);
    await waitUntil('it has ended', () => !isAlive(pid), ANSWER_MS);
  };
  return { child, pid, log, end };
}

async function startService(stdout: Destination, stderr: Destination = 'ignore'): Promise<Service> {
  return await serve(`exec ${COMMAND}`, { stdout, stderr });
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Fails like a small disk (with EFBIG, not ENOSPC), without the right to mount one. */
function setFileSizeMax({ pid }: Service, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:`]);
}

interface Line {
  readonly number?: number;
  readonly linesLost?: number;
  readonly msg: string;
}

function linesOf(text: string): Line[] {
  const lines = text.trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Line);
}

/** Every number that was logged is there in its order, or is counted as lost by the line in its place. */
function expectComplete(lines: readonly Line[], last: number): void {
  let next = 1;
  for (const { number, linesLost = 0 } of lines) {
    next += linesLost;
    if (number === undefined) continue;
    expect(number).toBe(next);
    next += 1;
  }
  expect(next).toBe(last + 1);
}

/** What comes out of a stream from now on. */
function collect(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

describe('[REL-14] the destination of the log never decides about the service', { timeout: 30_000 }, () => {
  let folder: TempFolder;
  const opened: number[] = [];
  const open = (path: string, flags: string) => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  beforeAll(async () => {
    folder = await makeTempFolder('log');
  });
  afterEach(() => {
    for (const fd of opened.splice(0)) closeSync(fd);
  });
  afterAll(async () => {
    await folder.remove();
  });

  it.each([
    ['a device that takes nothing (ENOSPC)', '/dev/full', 'w'],
    ['a file that can only be read (EBADF)', PACKAGE_FOLDER, 'r'],
  ])('%s: it goes on, counts what is lost, and ends in order', async (_what, path, flags) => {
    const broken = open(path, flags);
    const service = await startService(broken, broken);
    await service.log(10, { print: true });
    expect((await service.log(TOO_MANY_LINES)).linesLost).toBeGreaterThan(0);
    await service.end();
  });

  it('a disk that is full: lines go on once it has room again, with one line that counts those lost', async () => {
    const path = join(folder.path, 'log');
    const service = await startService(open(path, 'a'));
    setFileSizeMax(service, 20_000);
    const { linesLost } = await service.log(TOO_MANY_LINES);
    expect(linesLost).toBeGreaterThan(0);
    await waitUntil('the file is full', () => readFileSync(path).length === 20_000, ANSWER_MS);
    setFileSizeMax(service, 'unlimited');
    await waitUntil('the loss is told', () => readFileSync(path, 'utf8').includes('"linesLost"'), ANSWER_MS);
    await service.log(1);
    await service.end();
    const lines = linesOf(readFileSync(path, 'utf8'));
    expectComplete(lines, TOO_MANY_LINES + 1);
    expect(lines.find((line) => line.linesLost !== undefined)).toMatchObject({ linesLost, reason: 'EFBIG' });
    expect(lines.at(-1)?.msg).toBe('closed');
  });

  it('a file that was deleted: it goes on', async () => {
    const path = join(folder.path, 'rotated');
    const service = await startService(open(path, 'a'));
    await rm(path);
    expect((await service.log(100)).linesLost).toBe(0);
    await service.end();
  });

  it('a socket that nobody reads, then somebody does: all lines come in order, or are counted in their place', async () => {
    const service = await startService('pipe');
    const before = await service.log(0);
    const { linesLost, residentBytes } = await service.log(TOO_MANY_LINES);
    expect(linesLost).toBeGreaterThan(0);
    expect(residentBytes - before.residentBytes).toBeLessThan(64 * 1024 * 1024);
    const text = collect(service.child.stdout);
    await waitUntil('the loss is told', () => text().includes('"linesLost"'), ANSWER_MS);
    expect((await service.log(1)).linesLost).toBe(linesLost);
    await service.end();
    const lines = linesOf(text());
    expectComplete(lines, TOO_MANY_LINES + 1);
    expect(lines.find((line) => line.linesLost !== undefined)).toMatchObject({
      linesLost,
      reason: 'too slow',
    });
    expect(lines.at(-1)?.msg).toBe('closed');
  });

  it.each([
    ['a pipe that nobody reads', `${COMMAND} 2>&1 | sleep 60`],
    ['a pipe that is read slowly', `${COMMAND} 2>&1 | while read -r line; do sleep 0.1; done`],
    ['a pipe that is broken (EPIPE)', `${COMMAND} 2>&1 | true`],
    ['standard output and error that are closed', `exec ${COMMAND} >&- 2>&-`],
    ['the wrong end of a pipe (EBADF)', `sleep 60 | ${COMMAND} 1<&0 2<&0`],
  ])('%s: it answers at once, and ends in order', async (_what, command) => {
    const service = await serve(command, { stdout: 'ignore', stderr: 'ignore' });
    await service.log(TOO_MANY_LINES);
    await service.log(10, { print: true });
    await service.end();
  });

  it('a terminal that is halted, then gone (EIO): it answers at once, and ends in order', async () => {
    const inSession = `exec setsid -w ${COMMAND}`; // else the terminal's end would be a signal to it
    const service = await serve(`exec script -qec '${inSession}' /dev/null`, {
      stdout: 'pipe',
      stderr: 'ignore',
    });
    const { linesLost } = await service.log(TOO_MANY_LINES, { print: true }); // nobody reads the terminal's pipe
    expect(linesLost).toBeGreaterThan(0);
    service.child.kill('SIGKILL');
    await service.log(TOO_MANY_LINES, { print: true });
    await service.end();
  });

  it('lines of several processes on one pipe stay whole', async () => {
    const program = join(folder.path, 'workers.mjs');
    writeFileSync(
      program,
      `import cluster from 'node:cluster';
      import { createLogger } from '${PACKAGE_FOLDER}dist/index.js';
      const logger = createLogger({ service: 'test', level: 'info' });
      if (cluster.isPrimary) for (let worker = 0; worker < 3; worker += 1) cluster.fork();
      else for (let number = 0; number < 2_000; number += 1) logger.info({ number }, 'x'.repeat(150));
      if (cluster.isWorker) process.exit();`,
    );
    const child = spawn('sh', ['-c', '"$0" "$1" | cat', process.execPath, program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const text = collect(child.stdout);
    await once(child, 'close', { signal: AbortSignal.timeout(ANSWER_MS) });
    expect(linesOf(text())).toHaveLength(6_000); // the last ones too: whoever exits writes them first
  });
});
