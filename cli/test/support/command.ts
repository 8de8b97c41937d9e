import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { programOf } from '@postline/test-support';

const MAIN = programOf('cli');

export type CommandEnvironment = Readonly<Record<string, string>>;

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of standard output as JSON. */
  readonly records: () => readonly Record<string, unknown>[];
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<CommandResult>;
}

/** Starts `postline` in a pipe; it inherits nothing but PATH. */
export function startPostline(
  words: readonly string[],
  env: CommandEnvironment = {},
  input?: string,
): RunningCommand {
  const child = spawn(process.execPath, [MAIN, ...words], { env: { PATH: process.env['PATH'], ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString('utf8')));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString('utf8')));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  const ended = once(child, 'close').then(([code]: unknown[]) => ({
    code: code as number | null,
    stdout,
    stderr,
    records: () => jsonLines(stdout),
  }));
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** The result of `postline` in a pipe. */
export function postline(
  words: readonly string[],
  env?: CommandEnvironment,
  input?: string,
): Promise<CommandResult> {
  return startPostline(words, env, input).ended;
}

/** What `postline` prints on a terminal (by util-linux's `script`). */
export async function postlineOnTerminal(words: readonly string[], env: CommandEnvironment): Promise<string> {
  const command = [process.execPath, MAIN, ...words].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', ...env },
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString('utf8')));
  await once(child, 'close');
  return output;
}

function jsonLines(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
