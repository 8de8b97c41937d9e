import cluster from 'node:cluster';
import { type DestinationStream, pino } from 'pino';

export type Logger = pino.Logger;

export interface LoggerOptions {
  /** The service's name, on every line. */
  readonly service: string;
  /** A pino level. */
  readonly level: string;
  /** Where the lines go; standard output where left out. Tests read them back from here. */
  readonly destination?: DestinationStream | undefined;
}

const STANDARD_OUTPUT = 1;

/**
 * JSON lines on standard output, with ISO times. Message bodies, tokens and keys are never given to it.
 * Written at once: lines that wait come out of order around a crash, and the last ones get lost at the exit.
 */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: cluster.worker === undefined ? { service } : { service, worker: cluster.worker.id },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: pino.stdSerializers.err },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, destination ?? pino.destination({ dest: STANDARD_OUTPUT, sync: true }));
}
