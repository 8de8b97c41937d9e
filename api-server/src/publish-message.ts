import type { Hint, HintPublisher } from '@postline/message-bus';
import type { AppendedMessage, AppendRequest, StoredMessage } from '@postline/message-store';
import { encodeNewMessage, type PublishStatus } from '@postline/protocol';
import { withDeadline } from '@postline/service-runtime';
import type { CommitOutcome } from './commit-lane.ts';

/** A message that is committed, as its publisher is told. */
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

/** Stores the messages of one request, all or none, and tells whoever follows their targets. Never rejects. */
export type PublishMessages = (request: AppendRequest) => Promise<PublishOutcome>;

export interface HintOptions {
  readonly publisher: Pick<HintPublisher, 'publish'>;
  /** Milliseconds that an answer waits for the bus, after the commit. */
  readonly hintDeadlineMs: number;
  /** Told how each publish on the bus went. */
  readonly onHints?: (hints: number, error?: unknown) => void;
}

export interface PublishMessagesOptions extends HintOptions {
  /** Appends a request together with others. */
  readonly append: (request: AppendRequest) => Promise<CommitOutcome>;
}

/**
 * The way of a message through this service: it is committed, its frame is encoded once, whoever follows its target
 * is told, and the publisher gets its answer. Only the commit counts: where the bus fails, the relays find the row.
 */
export function createPublishMessages(options: PublishMessagesOptions): PublishMessages {
  return async (request) => {
    const outcome = await options.append(request);
    if (outcome.kind !== 'appended') return outcome;

    const status = await tellFollowers(outcome.messages, outcome.epoch, options);
    return { kind: 'published', messages: outcome.messages.map((message) => describe(message, status)) };
  };
}

/** Publishes the hints of messages that are committed; `stored` where the bus did not take them in time. */
export async function tellFollowers(
  messages: readonly StoredMessage[],
  epoch: string,
  options: HintOptions,
): Promise<PublishStatus> {
  const hints = messages.map((message) => encodeHint(message, epoch));
  const { publisher, hintDeadlineMs, onHints } = options;
  try {
    await withDeadline(publisher.publish(hints), { what: 'telling the bus', milliseconds: hintDeadlineMs });
  } catch (error) {
    onHints?.(hints.length, error);
    return 'stored';
  }
  onHints?.(hints.length);
  return 'sent';
}

function encodeHint(stored: StoredMessage, epoch: string): Hint {
  const { id, targetId, offset, message: data, createdAt } = stored;
  return { targetId, frame: encodeNewMessage({ id, targetId, offset, epoch, data, createdAt }) };
}

function describe(message: AppendedMessage, status: PublishStatus): PublishedMessage {
  const { id, targetId, offset, createdAt, replayed } = message;
  return { id, targetId, offset, createdAt, status, replayed };
}
