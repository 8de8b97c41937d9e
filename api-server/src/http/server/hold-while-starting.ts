import type { IncomingMessage, RequestListener } from 'node:http';
import { pause } from '@postline/service-runtime';
import { pathOf } from '../answers/request-path.ts';

/** Most starts are over by then. While the database is away, publishers are promised an answer within 5 s. */
const START_HOLD_MS = 3_000;

/** These paths need no database. */
const ALWAYS_OPEN = /^\/(healthz|readyz|metrics|openapi\.json|docs)(\/|$)/;

export function needsNoDatabase(request: IncomingMessage): boolean {
  return ALWAYS_OPEN.test(pathOf(request));
}

export interface StartingService {
  readonly isOpen: () => boolean;
  /** Resolves when it opens. */
  readonly opened: Promise<void>;
  /** Milliseconds for which a request waits; 3,000 if left out. */
  readonly holdMs?: number | undefined;
}

/**
 * Requests that need the database wait while the service starts: an upgrade then refuses nobody, also behind a balancer that
 * looks only at the port. `handle` gets those for which the start took too long, too, and refuses them.
 */
export function holdWhileStarting(handle: RequestListener, service: StartingService): RequestListener {
  const { isOpen, opened, holdMs = START_HOLD_MS } = service;
  return (request, response) => {
    if (isOpen() || needsNoDatabase(request)) {
      handle(request, response);
      return;
    }
    void Promise.race([opened, pause(holdMs, { holdsProcess: false })]).then(() => {
      if (!response.destroyed) handle(request, response);
    });
  };
}
