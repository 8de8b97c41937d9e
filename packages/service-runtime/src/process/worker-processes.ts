import cluster, { type Worker } from 'node:cluster';
import { answerMetricsRequests } from '../metrics/cluster-metrics.ts';
import type { Logger } from '../logging/logger.ts';
import type { EndingSignal, RunningProcess } from './process-lifecycle.ts';
import { forwardWorkerQuestions } from './worker-circle.ts';
import { integerSetting } from '../settings/settings.ts';
import { Backoff } from '../timing/backoff.ts';

/** The pause before a dead worker is replaced; it doubles with each death that follows soon. */
const RESTART_PAUSE_FIRST_MS = 200;
const RESTART_PAUSE_MAX_MS = 10_000;
/** A worker that lived this long was healthy: the pauses start again from the first. */
const GOOD_WORKER_MS = 10_000;

/** The primary gets this much more time to close than the workers, because it waits for them. */
const PRIMARY_EXTRA_MS = 500;

/** More than a large machine has cores. Each worker opens its own connections to the database and to Redis. */
const WORKERS_MAX = 128;

/** For services that keep all state in real servers: only one process can use an embedded database. */
export const workerSettings = {
  WORKERS: integerSetting({ from: 1, to: WORKERS_MAX, default: 1 }).meta({
    description:
      'Processes that share the port. Limits on connections, queues and rates apply to each of them; `/metrics` shows the sum.',
  }),
};

/** True in the process that runs no service itself, but starts and replaces the workers. */
export function isPrimaryOf(workerCount: number): boolean {
  return workerCount > 1 && cluster.isPrimary;
}

/** True in a worker. */
export function isWorker(): boolean {
  return cluster.isWorker;
}

export interface WorkerProcessesOptions {
  readonly workerCount: number;
  readonly logger: Logger;
  /** Time in which each worker has to drain and close. */
  readonly shutdownDeadlineMs: number;
  /** Time for which each worker drains. */
  readonly drainMs: number;
}

/**
 * Runs this program in `workerCount` processes that share the ports they listen on. Resolves when all of them listen,
 * and rejects if one ends earlier. After that, a worker that dies is replaced.
 */
export async function startWorkers(options: WorkerProcessesOptions): Promise<RunningProcess> {
  answerMetricsRequests();
  forwardWorkerQuestions();
  const workers = new WorkerProcesses(options);
  await workers.start();
  return {
    logger: options.logger,
    shutdownDeadlineMs: options.shutdownDeadlineMs + PRIMARY_EXTRA_MS,
    drain: {
      milliseconds: options.drainMs,
      onStart: () => {
        workers.startDraining();
      },
    },
    close: () => workers.close(),
  };
}

class WorkerProcesses {
  readonly #options: WorkerProcessesOptions;
  readonly #workers = new Set<Worker>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  /** One process restarts them, so nothing has to be spread. */
  readonly #backoff = new Backoff({
    firstMs: RESTART_PAUSE_FIRST_MS,
    maxMs: RESTART_PAUSE_MAX_MS,
    random: () => 1,
  });
  /** The exit codes of the workers, once they are to end. */
  #ends: readonly Promise<number>[] | undefined;

  constructor(options: WorkerProcessesOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { workerCount, logger } = this.#options;
    const started = Array.from({ length: workerCount }, () => this.#fork());
    await Promise.all(started.map(listening));
    for (const worker of started) this.#replaceWhenDead(worker);
    logger.info({ workers: started.map(({ process }) => process.pid) }, 'workers listen');
  }

  /** Each drains and then closes. */
  startDraining(): void {
    this.#end('SIGTERM');
  }

  /** Ends the drain of each; resolves when all have ended, and rejects if one failed. */
  async close(): Promise<void> {
    this.#end('SIGINT');
    const codes = await Promise.all(this.#ends ?? []);
    const failed = codes.filter((code) => code !== 0);
    if (failed.length > 0) throw new Error(`of ${codes.length} workers ${failed.length} failed to close`);
  }

  /** Signals all; from now on one that dies is not replaced. */
  #end(signal: EndingSignal): void {
    for (const restart of this.#restarts) clearTimeout(restart);
    this.#ends ??= [...this.#workers].map(ended);
    for (const worker of this.#workers) worker.process.kill(signal);
  }

  #fork(): Worker {
    const worker = cluster.fork();
    this.#workers.add(worker);
    worker.once('exit', () => this.#workers.delete(worker));
    return worker;
  }

  #replaceWhenDead(worker: Worker): void {
    const startMs = performance.now();
    worker.once('exit', (code: number | null, signal: string | null) => {
      if (this.#ends !== undefined) return;
      if (performance.now() - startMs > GOOD_WORKER_MS) this.#backoff.reset();
      const pauseMs = this.#backoff.nextMs();
      this.#options.logger.error({ pid: worker.process.pid, code, signal, pauseMs }, 'a worker died');
      const restart = setTimeout(() => {
        this.#restarts.delete(restart);
        this.#replaceWhenDead(this.#fork());
      }, pauseMs);
      this.#restarts.add(restart);
    });
  }
}

/** Resolves when the worker listens; rejects if it ends earlier, after it has logged why. */
function listening(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('listening', () => {
      resolve();
    });
    worker.once('exit', () => {
      reject(new Error('a worker ended before it listened'));
    });
  });
}

/** The exit code; 0 for a worker that the signal ended before it could handle signals. */
function ended(worker: Worker): Promise<number> {
  return new Promise((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) => {
      resolve(code ?? (signal === 'SIGTERM' || signal === 'SIGINT' ? 0 : 1));
    });
  });
}
