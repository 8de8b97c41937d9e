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

/** Tells whoever follows the targets of messages that are committed. Never rejects. */
export type TellFollowers = (messages: readonly StoredMessage[], epoch: string) => Promise<PublishStatus>;

export interface PublishMessagesOptions {
  /** Appends a request together with others. */
  readonly append: (request: AppendRequest) => Promise<CommitOutcome>;
  readonly tellFollowers: TellFollowers;
  /** Told how each request went. */
  readonly onOutcome?: (outcome: PublishOutcome, request: AppendRequest) => void;
}

/**
 * The way of a message through this service: it is committed, its frame is encoded once, whoever follows its target
 * is told, and the publisher gets its answer. Only the commit counts: where the bus fails, the relays find the row.
 */
export function createPublishMessages(options: PublishMessagesOptions): PublishMessages {
  const { append, tellFollowers, onOutcome } = options;
  return async (request) => {
    const committed = await append(request);
    const outcome: PublishOutcome =
      committed.kind === 'appended'
        ? published(committed.messages, await tellFollowers(committed.messages, committed.epoch))
        : committed;
    onOutcome?.(outcome, request);
    return outcome;
  };
}

export interface HintOptions {
  readonly publisher: Pick<HintPublisher, 'publish'>;
  /** Milliseconds that an answer waits for the bus, after the commit. */
  readonly hintDeadlineMs: number;
  /** Told how each publish on the bus went. */
  readonly onHints?: (hints: number, error?: unknown) => void;
}

/** Hints that go out together, and what will have become of them. */
interface FormingHints {
  readonly hints: Hint[];
  readonly status: Promise<PublishStatus>;
}

/**
 * Requests that shared a commit share its publish too: their hints gather until everything that follows from the
 * commit has run, then go out in one call under one deadline. `stored` where the bus did not take them in time.
 */
export function createTellFollowers(options: HintOptions): TellFollowers {
  let forming: FormingHints | undefined;
  const beginForming = (): FormingHints => {
    const hints: Hint[] = [];
    const status = new Promise<PublishStatus>((resolve) => {
      process.nextTick(() => {
        forming = undefined;
        resolve(publishHints(hints, options));
      });
    });
    return { hints, status };
  };
  return (messages, epoch) => {
    forming ??= beginForming();
    for (const message of messages) forming.hints.push(encodeHint(message, epoch));
    return forming.status;
  };
}

async function publishHints(
  hints: readonly Hint[],
  { publisher, hintDeadlineMs, onHints }: HintOptions,
): Promise<PublishStatus> {
  try {
    await withDeadline(publisher.publish(byTarget(hints)), {
      what: 'telling the bus',
      milliseconds: hintDeadlineMs,
    });
  } catch (error) {
    onHints?.(hints.length, error);
    return 'stored';
  }
  onHints?.(hints.length);
  return 'sent';
}

/** In fewer hints hardly two are for the same target. */
const GROUPED_HINTS_MIN = 128;

/** Those of one target one after the other: a relay that reads them together sends them on with one write. */
function byTarget(hints: readonly Hint[]): readonly Hint[] {
  if (hints.length < GROUPED_HINTS_MIN) return hints;
  const hintsByTarget = new Map<string, Hint[]>();
  for (const hint of hints) {
    const ofTarget = hintsByTarget.get(hint.targetId);
    if (ofTarget === undefined) hintsByTarget.set(hint.targetId, [hint]);
    else ofTarget.push(hint);
  }
  return [...hintsByTarget.values()].flat();
}

function encodeHint(stored: StoredMessage, epoch: string): Hint {
  const { id, targetId, offset, message: data, createdAt } = stored;
  return { targetId, frame: encodeNewMessage({ id, targetId, offset, epoch, data, createdAt }) };
}

function published(appended: readonly AppendedMessage[], status: PublishStatus): PublishOutcome {
  const messages = appended.map(({ id, targetId, offset, createdAt, replayed }) => {
    return { id, targetId, offset, createdAt, status, replayed };
  });
  return { kind: 'published', messages };
}
