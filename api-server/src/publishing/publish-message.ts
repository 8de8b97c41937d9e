import type { AppendedMessage, AppendRequest } from '@postline/message-store';
import type { PublishStatus } from '@postline/protocol';
import type { CommitOutcome } from './commit-lane.ts';
import type { PublishHints } from './publish-hints.ts';
import type { PublishSpan } from './publish-spans.ts';

/** A committed message, as its publisher sees it. */
export interface PublishedMessage {
  readonly id: string;
  readonly targetId: string;
  readonly offset: number;
  readonly createdAt: string;
  readonly status: PublishStatus;
  readonly replayed: boolean;
}

export type PublishOutcome =
  | { readonly kind: 'published'; readonly messages: readonly PublishedMessage[] }
  | Exclude<CommitOutcome, { kind: 'appended' }>;

/** Stores the messages of one request, all or none, and publishes their hints. Never rejects. `span`: if it is traced. */
export type PublishMessages = (request: AppendRequest, span?: PublishSpan) => Promise<PublishOutcome>;

export interface PublishMessagesOptions {
  /** Appends a request, sharing a commit with others. */
  readonly append: (request: AppendRequest, span: PublishSpan | undefined) => Promise<CommitOutcome>;
  readonly publishHints: PublishHints;
  /** Reports the outcome of each request. */
  readonly onOutcome?: (outcome: PublishOutcome, request: AppendRequest) => void;
}

/**
 * The way of a message through this service: it is committed, its frame is encoded once, its hint is published, and the
 * publisher gets its answer. Only the commit counts: if the bus fails, the relays find the row in the database.
 */
export function createPublishMessages(options: PublishMessagesOptions): PublishMessages {
  const { append, publishHints, onOutcome } = options;
  return async (request, span) => {
    const committed = await append(request, span);
    let outcome: PublishOutcome;
    if (committed.kind === 'appended') {
      const { messages, epoch } = committed;
      const hints = span?.startHints(messages);
      const status = await publishHints(messages, epoch, hints?.traceparent);
      hints?.end(status);
      outcome = published(messages, status);
    } else {
      outcome = committed;
    }
    onOutcome?.(outcome, request);
    return outcome;
  };
}

function published(appended: readonly AppendedMessage[], status: PublishStatus): PublishOutcome {
  const messages = appended.map(({ id, targetId, offset, createdAt, replayed }) => {
    return { id, targetId, offset, createdAt, status, replayed };
  });
  return { kind: 'published', messages };
}
