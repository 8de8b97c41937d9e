import type { HintPublisher } from '@postline/message-bus';
import { type DisconnectRequest, type DisconnectStore, StoreUnavailableError } from '@postline/message-store';
import type { PublishStatus } from '@postline/protocol';
import { withDeadline } from '@postline/service-runtime';

type DisconnectOutcome =
  | {
      readonly kind: 'disconnected';
      /** Milliseconds since 1970; undefined where no token is refused. */
      readonly tokensRefusedUpTo: number | undefined;
      readonly status: PublishStatus;
    }
  | { readonly kind: 'store-unavailable' };

/** Ends what a client has open now. */
export type DisconnectClient = (request: DisconnectRequest) => Promise<DisconnectOutcome>;

export interface DisconnectClientOptions {
  readonly store: Pick<DisconnectStore, 'disconnect'>;
  readonly publisher: Pick<HintPublisher, 'notify'>;
  readonly hintDeadlineMs: number;
}

/**
 * As with messages, only what is committed counts: the hint says that there is something new, not what, and a relay that
 * doesn't hear it finds the row at its next comparison.
 */
export function createDisconnectClient(options: DisconnectClientOptions): DisconnectClient {
  const { store, publisher, hintDeadlineMs } = options;
  return async (request) => {
    try {
      const { tokensRefusedUpTo } = await store.disconnect(request);
      const status = await tellRelays(publisher, hintDeadlineMs);
      return { kind: 'disconnected', tokensRefusedUpTo, status };
    } catch (error) {
      if (error instanceof StoreUnavailableError) return { kind: 'store-unavailable' };
      throw error;
    }
  };
}

async function tellRelays(
  publisher: Pick<HintPublisher, 'notify'>,
  milliseconds: number,
): Promise<PublishStatus> {
  try {
    await withDeadline(publisher.notify('disconnects'), { what: 'telling the bus', milliseconds });
    return 'sent';
  } catch {
    return 'stored';
  }
}
