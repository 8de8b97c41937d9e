import { setFlagsFromString } from 'node:v8';
import closeWithGrace from 'close-with-grace';
import type { Logger } from '../logging/logger.ts';
import { printToLog } from '../logging/print-to-log.ts';
import { type Environment, SettingsError } from '../settings/settings.ts';
import { flushLog, guardStandardStreams, writeToStandardError } from '../logging/standard-streams.ts';

/** A part of a service that was started and can be ended. */
interface Closable {
  close(): Promise<void>;
}

export interface RunningProcess {
  readonly logger: Logger;
  /** Milliseconds from the signal to the exit, whatever is still open then. */
  readonly shutdownDeadlineMs: number;
  /** The rest of the start, which goes on while probes are answered. Where it rejects, the start has failed. */
  readonly started?: Promise<void> | undefined;
  /** Ends everything in order. */
  readonly close: () => Promise<void>;
}

/** What an orchestrator, `kill` and Ctrl-C send. */
const ENDING_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** What a crash inside Node raises: no listener could run, and with one the process would spin for ever. */
const CRASH_SIGNALS = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const;

type OnSignal = (signal: (typeof ENDING_SIGNALS)[number]) => void;

/**
 * Where V8 sees objects outlive young collections, it makes their like in the old generation from then on. For what a
 * request needs, that is a guess that keeps itself true: such objects die soon, but count as alive until the next
 * full collection, and so does everything they point to (docs/performance.md).
 */
const ALL_OBJECTS_BEGIN_YOUNG = '--no-allocation-site-pretenuring';

/**
 * Runs a service: `start`, then until a signal or a crash, then `close`.
 *
 * Wrong settings end the process with exit code 1 and one line for each; any other failure to start with 1 and its
 * message. On SIGTERM or SIGINT it closes in order and exits with 0; with 1 after a crash, where closing fails, and
 * where it is not done at the deadline. A signal during the start ends it at once with 0, as nothing was accepted
 * yet; without a handler a container's first process would not hear it.
 */
export async function runProcess(
  env: Environment,
  start: (env: Environment) => Promise<RunningProcess>,
): Promise<void> {
  setFlagsFromString(ALL_OBJECTS_BEGIN_YOUNG);
  guardStandardStreams();
  let onSignal: OnSignal = () => process.exit(0);
  // One listener from the first moment to the last: a signal that comes while listeners are exchanged is lost.
  for (const signal of ENDING_SIGNALS) {
    process.on(signal, () => {
      onSignal(signal);
    });
  }
  const signals: string[] = [];
  try {
    const running = await start(env);
    printToLog(running.logger);
    const closeOnce = closeGracefullyOnce(running);
    onSignal = (signal) => {
      signals.push(signal);
      closeOnce(signal);
    };
    await running.started;
  } catch (error) {
    if (signals.length > 0) return; // what was still starting is given up
    const lines = error instanceof SettingsError ? error.lines : [startFailure(error)];
    for (const line of lines) writeToStandardError(line);
    await flushLog();
    process.exit(1);
  }
}

/**
 * Closes on a crash, and when the returned function is first called. Further signals change nothing: a terminal
 * sends Ctrl-C to npm and to this process, npm passes it on, and the second must not cut off what the first began.
 */
function closeGracefullyOnce({ logger, shutdownDeadlineMs, close }: RunningProcess): OnSignal {
  let closing = false;
  const graceful = closeWithGrace(
    {
      delay: shutdownDeadlineMs,
      logger: false,
      skip: [...ENDING_SIGNALS, ...CRASH_SIGNALS],
      onTimeout: () => {
        logger.error({ shutdownDeadlineMs }, 'not closed at the deadline');
      },
      onSecondError: (error) => {
        logger.fatal({ err: error }, 'crashed while closing');
      },
    },
    async ({ err }) => {
      closing = true;
      if (err !== undefined) logger.fatal({ err }, 'crashed, closing');
      try {
        await close();
        logger.info('closed');
      } catch (error) {
        logger.error({ err: error }, 'closing failed');
        throw error;
      } finally {
        await flushLog();
      }
    },
  );
  return (signal) => {
    if (closing) return;
    logger.info({ signal }, 'closing');
    graceful.close();
  };
}

function startFailure(error: unknown): string {
  return `could not start: ${error instanceof Error ? error.message : String(error)}`;
}
