import type { Logger } from '@postline/service-runtime';
import { errorForLog } from './error-for-log.ts';

/** Says once when a part fails and once when it works again, however many calls there were in between. */
export interface AvailabilityLog {
  worked(): void;
  failed(error: unknown): void;
}

export function createAvailabilityLog(logger: Logger, part: string): AvailabilityLog {
  let available = true;
  return {
    worked: () => {
      if (available) return;
      available = true;
      logger.info({ part }, 'works again');
    },
    failed: (error) => {
      if (!available) return;
      available = false;
      logger.warn({ part, err: errorForLog(error) }, 'does not answer');
    },
  };
}
