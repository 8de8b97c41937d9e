import { pino } from 'pino';

export type Logger = pino.Logger;

export interface LoggerOptions {
  /** The service's name, on every line. */
  readonly service: string;
  /** A pino level. */
  readonly level: string;
}

/** JSON lines on standard output, with ISO times. Message bodies, tokens and keys are never given to it. */
export function createLogger({ service, level }: LoggerOptions): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: pino.stdSerializers.err },
    formatters: { level: (label) => ({ level: label }) },
  });
}
