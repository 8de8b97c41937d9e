import { closeSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { ignoreErrors, openStandardOutput } from './log-output.ts';
import { type LogLoss, LogSink } from './log-sink.ts';

const STANDARD_FDS = [0, 1, 2];
const STANDARD_ERROR = 2;

/** What the last lines get at the exit, where their reader is slow. Most exits need none of it. */
const FLUSH_DEADLINE_MS = 1_000;
/** The same for an exit that nobody waited for. */
const FLUSH_SYNC_DEADLINE_MS = 250;

let standardOutput: LogSink | undefined;

/** The one sink for the standard output of this process, however many loggers write to it. */
export function standardOutputSink(describeLoss: (loss: LogLoss) => string): LogSink {
  if (standardOutput !== undefined) return standardOutput;
  const sink = new LogSink({ output: openStandardOutput(), describeLoss });
  process.on('exit', () => {
    sink.flushSync(FLUSH_SYNC_DEADLINE_MS);
  });
  standardOutput = sink;
  return sink;
}

/** Lines of the log that this process has lost since it started. */
export function logLinesLost(): number {
  return standardOutput?.linesLost ?? 0;
}

/** Before the exit: the last lines get out, if their destination takes them. */
export async function flushLog(): Promise<void> {
  await standardOutput?.flush(FLUSH_DEADLINE_MS);
}

/** Writes a line to standard error for a person at a terminal; one that can't be written is dropped. */
export function writeToStandardError(line: string): void {
  try {
    writeSync(STANDARD_ERROR, `${line}\n`);
  } catch {
    // a full disk, a broken pipe: there is nobody left to tell
  }
}

/** Keeps trouble with these streams from ending the process, and from spoiling its end. */
export function guardStandardStreams(): void {
  ignoreErrors(process.stdout);
  ignoreErrors(process.stderr);
  const terminals = STANDARD_FDS.filter((fd) => isatty(fd));
  process.on('exit', () => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd); // Node aborts where it can't reset one that is gone
  });
}
