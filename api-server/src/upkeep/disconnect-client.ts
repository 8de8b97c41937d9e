import type { HintPublisher } from '@postline/message-bus';
import { type DisconnectRequest, type DisconnectStore, StoreUnavailableError } from '@postline/message-store';
import type { PublishStatus } from '@postline/protocol';
import { withDeadline } from '@postline/service-runtime';

type DisconnectOutcome =
  | {
      readonly kind: 'disconnected';
      /** Milliseconds since 1970; undefined if no token is refused. */
      readonly tokensRefusedUpTo: number | undefined;
      readonly status: PublishStatus;
    }
  | { readonly kind: 'store-unavailable' };

/** Closes all open connections of a client. */
export type DisconnectClient = (request: DisconnectRequest) => Promise<DisconnectOutcome>;

export interface DisconnectClientOptions {
  readonly store: Pick<DisconnectStore, 'disconnect'>;
  readonly publisher: Pick<HintPublisher, 'notify'>;
  readonly hintDeadlineMs: number;
}

/**
 * As with messages, only the commit counts: the hint only announces a change, and a relay that misses it finds the row at
 * its next comparison.
 */
export function createDisconnectClient(options: DisconnectClientOptions): DisconnectClient {
  const { store, publisher, hintDeadlineMs } = options;
  return async (request) => {
    try {
      const { tokensRefusedUpTo } = await store.disconnect(request);
      const status = await notifyRelays(publisher, hintDeadlineMs);
      return { kind: 'disconnected', tokensRefusedUpTo, status };
    } catch (error) {
      if (error instanceof StoreUnavailableError) return { kind: 'store-unavailable' };
      throw error;
    }
  };
}

async function notifyRelays(
  publisher: Pick<HintPublisher, 'notify'>,
  milliseconds: number,
): Promise<PublishStatus> {
  try {
    const notified = publisher.notify('disconnects');
    await withDeadline(notified, { what: 'notifying the relays of a disconnect', milliseconds });
    return 'sent';
  } catch {
    return 'stored';
  }
}
