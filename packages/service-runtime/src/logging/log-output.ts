import { constants, fstatSync, openSync } from 'node:fs';

/** The destination of the log, and how to write to it. */
export interface LogOutput {
  readonly fd: number;
  /**
   * `direct`: a write returns at once, with EAGAIN if the reader is slow. `threaded`: a write may take as long as a
   * disk, so a thread does it.
   */
  readonly mode: 'direct' | 'threaded';
}

const STANDARD_OUTPUT = 1;

/** Opening it in `/proc` creates a separate open file: our flags must not affect other processes on the same pipe. */
const REOPENED = '/proc/self/fd/1';
const REOPEN_FLAGS = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Opens standard output so that no write blocks the event loop. A thread that is stuck in a pipe would block other work
 * of the thread pool and delay the exit, so only files are written by a thread.
 */
export function openStandardOutput(): LogOutput {
  try {
    const kind = fstatSync(STANDARD_OUTPUT);
    if (kind.isFIFO() || kind.isCharacterDevice()) return reopen() ?? share(kind.isFIFO());
    return share(kind.isSocket());
  } catch {
    return { fd: STANDARD_OUTPUT, mode: 'threaded' };
  }
}

/** Undefined if it cannot be opened again: it belongs to another user, or this is not Linux. */
function reopen(): LogOutput | undefined {
  try {
    return { fd: openSync(REOPENED, REOPEN_FLAGS), mode: 'direct' };
  } catch {
    return undefined;
  }
}

/** Node makes pipes and sockets non-blocking at the first use of `process.stdout`. */
function share(isPipe: boolean): LogOutput {
  if (isPipe) ignoreErrors(process.stdout);
  return { fd: STANDARD_OUTPUT, mode: isPipe ? 'direct' : 'threaded' };
}

/** Without a listener, an `error` of these streams (EPIPE, ENOSPC) ends the process. */
export function ignoreErrors(stream: NodeJS.WriteStream): void {
  stream.on('error', () => undefined);
}
