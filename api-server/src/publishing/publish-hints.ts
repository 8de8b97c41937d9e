import type { Hint, HintPublisher } from '@postline/message-bus';
import type { StoredMessage } from '@postline/message-store';
import { encodeNewMessage, encodeTracedFrame, type PublishStatus } from '@postline/protocol';
import { SharedTimeouts, withDeadline } from '@postline/service-runtime';

/**
 * Publishes the hints of committed messages, with the `traceparent` of their publish if that is traced. Resolves with
 * `stored` if the bus did not take them in time. Never rejects.
 */
export type PublishHints = (
  messages: readonly StoredMessage[],
  epoch: string,
  traceparent?: string,
) => Promise<PublishStatus>;

export interface PublishHintsOptions {
  readonly publisher: Pick<HintPublisher, 'publish'>;
  /** Milliseconds that an answer waits for the bus, after the commit. */
  readonly hintDeadlineMs: number;
  /** Reports the outcome of each call of the bus. */
  readonly onHints?: (hints: number, error?: unknown) => void;
}

/** Hints that will be published together, and the outcome. */
interface FormingHints {
  readonly hints: Hint[];
  readonly status: Promise<PublishStatus>;
}

/**
 * Requests that shared a commit also share a call of the bus: their hints gather until all callbacks of the commit have
 * run, then go out together under one deadline.
 */
export function createPublishHints(options: PublishHintsOptions): PublishHints {
  const timeouts = new SharedTimeouts(options.hintDeadlineMs);
  let forming: FormingHints | undefined;
  const beginForming = (): FormingHints => {
    const hints: Hint[] = [];
    const status = new Promise<PublishStatus>((resolve) => {
      process.nextTick(() => {
        forming = undefined;
        resolve(callBus(hints, options, timeouts));
      });
    });
    return { hints, status };
  };
  return (messages, epoch, traceparent) => {
    forming ??= beginForming();
    for (const message of messages) forming.hints.push(encodeHint(message, epoch, traceparent));
    return forming.status;
  };
}

async function callBus(
  hints: readonly Hint[],
  { publisher, onHints }: PublishHintsOptions,
  timeouts: SharedTimeouts,
): Promise<PublishStatus> {
  try {
    await withDeadline(publisher.publish(groupByTarget(hints)), {
      what: 'publishing hints',
      timeouts,
    });
  } catch (error) {
    onHints?.(hints.length, error);
    return 'stored';
  }
  onHints?.(hints.length);
  return 'sent';
}

/** Among fewer hints, two for the same target are rare. */
const GROUPED_HINTS_MIN = 128;

/** Brings the hints of a target together: a relay that reads them together sends them with one write. */
function groupByTarget(hints: readonly Hint[]): readonly Hint[] {
  if (hints.length < GROUPED_HINTS_MIN) return hints;
  const hintsByTarget = new Map<string, Hint[]>();
  for (const hint of hints) {
    const ofTarget = hintsByTarget.get(hint.targetId);
    if (ofTarget === undefined) hintsByTarget.set(hint.targetId, [hint]);
    else ofTarget.push(hint);
  }
  return [...hintsByTarget.values()].flat();
}

function encodeHint(stored: StoredMessage, epoch: string, traceparent: string | undefined): Hint {
  const frame = encodeNewMessage(stored, epoch);
  return {
    targetId: stored.targetId,
    frame: traceparent === undefined ? frame : encodeTracedFrame(frame, traceparent),
  };
}
