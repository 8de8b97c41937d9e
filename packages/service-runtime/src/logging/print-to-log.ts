import { format } from 'node:util';
import type { Logger } from './logger.ts';

/**
 * Redirects the prints of libraries and Node to the log. Printing can block the event loop (a halted terminal), queue
 * without bound (a pipe without a reader) or throw (a full disk).
 */
export function printToLog(logger: Logger): void {
  const print = (level: 'debug' | 'info' | 'warn' | 'error') => {
    return (...args: readonly unknown[]) => {
      logger[level]({ printed: format(...args) }, 'a library printed something');
    };
  };
  Object.assign(console, {
    debug: print('debug'),
    log: print('info'),
    info: print('info'),
    warn: print('warn'),
    error: print('error'),
    trace: print('error'),
  });
  process.removeAllListeners('warning'); // Node's own prints it
  process.on('warning', (warning) => {
    logger.warn({ err: warning }, 'Node.js warns');
  });
}
