import cluster from 'node:cluster';
import { type DestinationStream, pino } from 'pino';
import type { LogLoss } from './log-sink.ts';
import { standardOutputSink } from './standard-streams.ts';

export type Logger = pino.Logger;

export interface LoggerOptions {
  /** The service's name, on every line. */
  readonly service: string;
  /** A pino level. */
  readonly level: string;
  /** Where the lines go; standard output where left out. Tests read them back from here. */
  readonly destination?: DestinationStream | undefined;
}

/**
 * JSON lines on standard output, with ISO times. Message bodies, tokens and keys are never given to it. What becomes of
 * the lines never decides what becomes of the service.
 */
export function createLogger({ service, level, destination }: LoggerOptions): Logger {
  const base = cluster.worker === undefined ? { service } : { service, worker: cluster.worker.id };
  const options = {
    level,
    base,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: pino.stdSerializers.err },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, destination ?? standardOutputSink((loss) => lossLine(base, loss)));
}

/** Made by hand, not by a logger: it stands where the lost lines would, whatever level is logged. */
function lossLine(base: object, { linesLost, since, reason }: LogLoss): string {
  const time = new Date().toISOString();
  const msg = 'log lines were lost: their destination took none';
  return `${JSON.stringify({ level: 'warn', time, ...base, linesLost, since, reason, msg })}\n`;
}
