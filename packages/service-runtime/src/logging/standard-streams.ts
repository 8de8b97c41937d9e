import { closeSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { ignoreErrors, openStandardOutput } from './log-output.ts';
import { type LogLoss, LogSink } from './log-sink.ts';

const STANDARD_FDS = [0, 1, 2];
const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;

/** Time for the last lines at the exit, if their reader is slow. Most exits need none of it. */
const FLUSH_DEADLINE_MS = 1_000;
/** The same for an exit without a shutdown. */
const FLUSH_SYNC_DEADLINE_MS = 250;

let standardOutput: LogSink | undefined;

/** The only sink for the standard output of this process; all loggers share it. */
export function standardOutputSink(describeLoss: (loss: LogLoss) => string): LogSink {
  if (standardOutput !== undefined) return standardOutput;
  const sink = new LogSink({ output: openStandardOutput(), describeLoss });
  process.on('exit', () => {
    sink.flushSync(FLUSH_SYNC_DEADLINE_MS);
  });
  standardOutput = sink;
  return sink;
}

/** Whether standard output is read by a person. */
export function isTerminal(): boolean {
  return isatty(STANDARD_OUTPUT);
}

/** False if `NO_COLOR` is set or the terminal has none. */
export function terminalHasColors(): boolean {
  return process.stdout.isTTY && process.stdout.hasColors();
}

/** Writes lines for a person behind the log lines so far. Returns false, and writes nothing, if nobody reads at a terminal. */
export function writeToTerminal(lines: readonly string[]): boolean {
  if (!isTerminal() || standardOutput === undefined) return false;
  standardOutput.write(`${lines.join('\n')}\n`);
  return true;
}

/** Log lines that this process has lost since its start. */
export function logLinesLost(): number {
  return standardOutput?.linesLost ?? 0;
}

/** Writes the last lines before the exit, if their destination accepts them. */
export async function flushLog(): Promise<void> {
  await standardOutput?.flush(FLUSH_DEADLINE_MS);
}

/** Writes a line to standard error for a person at a terminal; a line that cannot be written is dropped. */
export function writeToStandardError(line: string): void {
  try {
    writeSync(STANDARD_ERROR, `${line}\n`);
  } catch {
    // a full disk or a broken pipe, with no other place to report it
  }
}

/** Keeps errors of these streams from ending the process, or from changing its exit code. */
export function guardStandardStreams(): void {
  ignoreErrors(process.stdout);
  ignoreErrors(process.stderr);
  const terminals = STANDARD_FDS.filter((fd) => isatty(fd));
  process.on('exit', () => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd); // Node aborts if it cannot reset a terminal that is gone
  });
}
