import { constants, fstatSync, openSync } from 'node:fs';

/** Where the lines of the log go, and how they are written there. */
export interface LogOutput {
  readonly fd: number;
  /**
   * `direct`: a write returns at once, with EAGAIN where nobody reads. `threaded`: a write may take as long as a disk
   * does, so a thread has to do it.
   */
  readonly mode: 'direct' | 'threaded';
}

const STANDARD_OUTPUT = 1;

/** `/proc` gives an open file of its own: our flags must not change those of other processes on the same pipe. */
const REOPENED = '/proc/self/fd/1';
const REOPEN_FLAGS = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Standard output, so that no write to it ever blocks the event loop. A thread that is stuck in a pipe would take the
 * place of other work and would hold up the exit, so only files are left to one.
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

/** Undefined where it can't be opened anew: it belongs to another user, or this is no Linux. */
function reopen(): LogOutput | undefined {
  try {
    return { fd: openSync(REOPENED, REOPEN_FLAGS), mode: 'direct' };
  } catch {
    return undefined;
  }
}

/** Node makes pipes and sockets non-blocking when `process.stdout` is first used. */
function share(isPipe: boolean): LogOutput {
  if (isPipe) ignoreErrors(process.stdout);
  return { fd: STANDARD_OUTPUT, mode: isPipe ? 'direct' : 'threaded' };
}

/** Without a listener an `error` of these streams (EPIPE, ENOSPC) ends the process. */
export function ignoreErrors(stream: NodeJS.WriteStream): void {
  stream.on('error', () => undefined);
}
