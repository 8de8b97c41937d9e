import cluster, { type Worker } from 'node:cluster';
import { answerMetricsRequests } from '../metrics/cluster-metrics.ts';
import type { Logger } from '../logging/logger.ts';
import type { RunningProcess } from './process-lifecycle.ts';
import { integerSetting } from '../settings/settings.ts';
import { Backoff } from '../timing/backoff.ts';

/** A worker that dies is replaced after this; doubled with each death that follows soon. */
const RESTART_PAUSE_FIRST_MS = 200;
const RESTART_PAUSE_MAX_MS = 10_000;
/** A worker that lived for so long was a good one: after it the pauses start anew. */
const GOOD_WORKER_MS = 10_000;

/** The workers have this much less time to close than the primary, which has to see them end. */
const PRIMARY_EXTRA_MS = 500;

/** More than a large machine has cores; each has connections of its own to the database and to Redis. */
const WORKERS_MAX = 128;

/** For services whose state is all in real servers: an embedded database is one process's. */
export const workerSettings = {
  WORKERS: integerSetting({ from: 1, to: WORKERS_MAX, default: 1 }).meta({
    description:
      'Processes that share the port. Limits on connections, queues and rates are for each of them; `/metrics` tells the sum.',
  }),
};

/** True in the one process that runs no service itself but keeps workers that do. */
export function isPrimaryOf(workerCount: number): boolean {
  return workerCount > 1 && cluster.isPrimary;
}

/** True in a process that another one keeps. */
export function isWorker(): boolean {
  return cluster.isWorker;
}

export interface WorkerProcessesOptions {
  readonly workerCount: number;
  readonly logger: Logger;
  /** What each worker has for closing. */
  readonly shutdownDeadlineMs: number;
}

/**
 * Runs this program in so many worker processes, which share the ports that they listen on; resolves when all of them
 * listen, and rejects where one ends before. From then on one that dies is replaced.
 */
export async function startWorkers(options: WorkerProcessesOptions): Promise<RunningProcess> {
  answerMetricsRequests();
  const workers = new WorkerProcesses(options);
  await workers.start();
  return {
    logger: options.logger,
    shutdownDeadlineMs: options.shutdownDeadlineMs + PRIMARY_EXTRA_MS,
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
  #closing = false;

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

  /** SIGTERM to each; resolves when all have ended, and rejects where one did not end in order. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const restart of this.#restarts) clearTimeout(restart);
    const codes = await Promise.all(
      [...this.#workers].map((worker) => {
        const code = ended(worker);
        worker.process.kill('SIGTERM');
        return code;
      }),
    );
    const failed = codes.filter((code) => code !== 0);
    if (failed.length > 0)
      throw new Error(`of ${codes.length} workers ${failed.length} did not end in order`);
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
      if (this.#closing) return;
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

/** Resolves when the worker listens; rejects where it ends before, having said why itself. */
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

/** The exit code; that of a worker which a signal ended before it could handle one is in order too. */
function ended(worker: Worker): Promise<number> {
  return new Promise((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) => {
      resolve(code ?? (signal === 'SIGTERM' ? 0 : 1));
    });
  });
}
