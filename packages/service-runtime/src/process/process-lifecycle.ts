import cluster from 'node:cluster';
import { setFlagsFromString } from 'node:v8';
import closeWithGrace from 'close-with-grace';
import { errorForLog } from '../logging/error-for-log.ts';
import type { Logger } from '../logging/logger.ts';
import { printToLog } from '../logging/print-to-log.ts';
import { type Environment, SettingsError } from '../settings/settings.ts';
import { unknownVariables } from '../settings/unknown-variables.ts';
import { flushLog, guardStandardStreams, writeToStandardError } from '../logging/standard-streams.ts';
import { answerArguments, type ServiceCommand } from './command-line.ts';
import { Drain, type DrainPeriod } from './drain-period.ts';

export interface RunningProcess {
  readonly logger: Logger;
  /** Milliseconds from the signal to the exit, even if something is still open. */
  readonly shutdownDeadlineMs: number;
  /** The rest of the start, during which probes are already answered. A rejection means that the start failed. */
  readonly started?: Promise<void> | undefined;
  /** Reports to a person that the service is ready. */
  readonly onReady?: (() => void) | undefined;
  /** Between SIGTERM and `close`, if the service was ready before. */
  readonly drain?: DrainPeriod | undefined;
  /** Ends everything in order. */
  readonly close: () => Promise<void>;
}

/**
 * SIGTERM comes from orchestrators and `kill`: other processes may take over, and the service drains. SIGINT comes from
 * Ctrl-C: a person waits, and it does not.
 */
const ENDING_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Signals of a crash inside Node: a listener could not run, and with one the process would loop forever. */
const CRASH_SIGNALS = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const;

export type EndingSignal = (typeof ENDING_SIGNALS)[number];

/**
 * When V8 sees objects survive young collections, it allocates similar objects in the old generation from then on. For
 * the objects of a request this guess confirms itself: they die soon, but stay alive until the next full collection,
 * with everything they point to (docs/performance.md).
 */
const ALL_OBJECTS_BEGIN_YOUNG = '--no-allocation-site-pretenuring';

/**
 * Runs a service: answers `--help`, or calls `start`, waits for a signal or a crash, drains after SIGTERM, and calls
 * `close`.
 *
 * Wrong settings end the process with exit code 1 and one line for each; any other failed start ends it with 1 and its
 * message. After SIGTERM or SIGINT the exit code is 0; it is 1 after a crash, a failed close, or a close that exceeds
 * the deadline. A signal during the start ends the process at once with 0, because nothing was accepted yet; without a
 * handler the first process of a container would ignore it.
 */
export async function runProcess(
  command: ServiceCommand,
  start: (env: Environment) => Promise<RunningProcess>,
): Promise<void> {
  const answer = answerArguments(command, process.argv.slice(2));
  if (answer !== undefined) {
    const text = answer.lines.join('\n');
    if (answer.exitCode === 0) console.log(text);
    else console.error(text);
    process.exitCode = answer.exitCode;
    return;
  }
  const env = process.env;
  const hints = settingHints(command, env);
  setFlagsFromString(ALL_OBJECTS_BEGIN_YOUNG);
  guardStandardStreams();
  let onSignal: (signal: EndingSignal) => void = () => process.exit(0);
  // The listener is never replaced: a signal that arrives between two listeners would be lost.
  for (const signal of ENDING_SIGNALS) {
    process.on(signal, () => {
      onSignal(signal);
    });
  }
  const signals: string[] = [];
  try {
    const running = await start(env);
    printToLog(running.logger);
    for (const line of hints) running.logger.warn(line);
    const ending = new Ending(running);
    onSignal = (signal) => {
      signals.push(signal);
      ending.onSignal(signal);
    };
    await running.started;
    ending.onReady();
    running.onReady?.();
  } catch (error) {
    if (signals.length > 0) return; // the unfinished start is abandoned
    const lines = error instanceof SettingsError ? error.lines : [startFailure(error)];
    for (const line of [...lines, ...hints]) writeToStandardError(line);
    await flushLog();
    process.exit(1);
  }
}

/** Lines for variables that were probably meant to have an effect. A worker leaves them to its primary. */
function settingHints(
  { settings, replacedSettings = {} }: ServiceCommand,
  env: Environment,
): readonly string[] {
  if (cluster.isWorker) return [];
  const replaced = Object.entries(replacedSettings).filter(([name]) => env[name] !== undefined);
  return [
    ...replaced.map(([name, instead]) => `${name}: has no effect here; use ${instead}`),
    ...unknownVariables(Object.keys(settings), env),
  ];
}

/**
 * Closes after a crash, and after the first signal. Further signals do not interrupt that: a terminal sends Ctrl-C to
 * npm and to this process, npm forwards it, and the second signal must not interrupt the shutdown. A SIGINT only ends the
 * drain.
 */
class Ending {
  readonly #running: RunningProcess;
  readonly #graceful: { readonly close: () => void };
  #drain: Drain | undefined;
  #isClosing = false;

  constructor(running: RunningProcess) {
    this.#running = running;
    const { logger, shutdownDeadlineMs } = running;
    this.#graceful = closeWithGrace(
      {
        delay: shutdownDeadlineMs,
        logger: false,
        skip: [...ENDING_SIGNALS, ...CRASH_SIGNALS],
        onTimeout: () => {
          logger.error({ shutdownDeadlineMs }, 'not closed at the deadline');
        },
        onSecondError: (error) => {
          logger.fatal({ err: errorForLog(error) }, 'crashed while closing');
        },
      },
      ({ err }) => this.#close(err),
    );
  }

  /** A service that was never ready has no traffic that others must take over. */
  onReady(): void {
    const { drain } = this.#running;
    if (!this.#isClosing && drain !== undefined && drain.milliseconds > 0) this.#drain = new Drain(drain);
  }

  onSignal(signal: EndingSignal): void {
    if (signal === 'SIGINT') this.#drain?.cut();
    if (this.#isClosing) return;
    this.#running.logger.info({ signal }, 'closing');
    this.#graceful.close();
  }

  async #close(crash: Error | undefined): Promise<void> {
    const { logger, close } = this.#running;
    this.#isClosing = true;
    if (crash !== undefined) logger.fatal({ err: errorForLog(crash) }, 'crashed, closing');
    try {
      if (crash === undefined) await this.#drain?.run();
      await close();
      logger.info('closed');
    } catch (error) {
      logger.error({ err: errorForLog(error) }, 'closing failed');
      throw error;
    } finally {
      await flushLog();
    }
  }
}

function startFailure(error: unknown): string {
  return `could not start: ${error instanceof Error ? error.message : String(error)}`;
}
