import cluster from 'node:cluster';
import { type DestinationStream, pino } from 'pino';
import type { LogLoss } from './log-sink.ts';
import { isTerminal, standardOutputSink, terminalHasColors } from './standard-streams.ts';
import { terminalLine } from './terminal-line.ts';

export type Logger = pino.Logger;

export interface LoggerOptions {
  /** Name of the service, on every line. */
  readonly service: string;
  /** A pino level. */
  readonly level: string;
  /** Destination of the lines; standard output if left out. Tests read the lines here. */
  readonly destination?: DestinationStream | undefined;
}

/**
 * Logs to standard output: JSON lines with ISO times, on a terminal lines for people. Callers never log message bodies,
 * tokens or keys. Lines that cannot be written never stop the service.
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
  return pino(options, destination ?? standardOutput(base));
}

function standardOutput(base: object): DestinationStream {
  if (!isTerminal()) return standardOutputSink((loss) => lossLine(base, loss));
  const hasColors = terminalHasColors();
  const sink = standardOutputSink((loss) => terminalLine(lossLine(base, loss), { hasColors }));
  return {
    write: (line) => {
      sink.write(terminalLine(line, { hasColors }));
    },
  };
}

/** Encoded here instead of by a logger: it replaces the lost lines, whatever level is logged. */
function lossLine(base: object, { linesLost, since, reason }: LogLoss): string {
  const time = new Date().toISOString();
  const msg = 'log lines were lost: their destination did not accept them';
  return `${JSON.stringify({ level: 'warn', time, ...base, linesLost, since, reason, msg })}\n`;
}
