import closeWithGrace from 'close-with-grace';
import type { Logger } from './logger.ts';
import { type Environment, SettingsError } from './settings.ts';

/** A part of a service that was started and can be ended. */
export interface Closable {
  close(): Promise<void>;
}

export interface RunningProcess {
  readonly logger: Logger;
  /** Milliseconds from the signal to the exit, whatever is still open then. */
  readonly shutdownDeadlineMs: number;
  /** Ends everything in order. */
  readonly close: () => Promise<void>;
}

/** On SIGTERM, SIGINT or a crash: closes in order, then exits; 0 after a signal, 1 after a crash. */
export function closeOnSignal({ logger, shutdownDeadlineMs, close }: RunningProcess): void {
  closeWithGrace({ delay: shutdownDeadlineMs, logger: false }, async ({ signal, err }) => {
    if (err === undefined) logger.info({ signal }, 'closing');
    else logger.fatal({ err }, 'crashed, closing');
    await close();
    logger.info('closed');
  });
}

/**
 * Runs a service's `start`. Wrong settings end the process with exit code 1 and one line for each; any other
 * failure with exit code 1 and its message.
 */
export async function runProcess(
  env: Environment,
  start: (env: Environment) => Promise<RunningProcess>,
): Promise<void> {
  try {
    closeOnSignal(await start(env));
  } catch (error) {
    const lines = error instanceof SettingsError ? error.lines : [startFailure(error)];
    for (const line of lines) process.stderr.write(`${line}\n`);
    process.exit(1);
  }
}

function startFailure(error: unknown): string {
  return `could not start: ${error instanceof Error ? error.message : String(error)}`;
}
