import type { HintPublisher } from '@postline/message-bus';
import { RepeatedTask, withDeadline } from '@postline/service-runtime';

export interface MemberNoticeOptions {
  readonly publisher: Pick<HintPublisher, 'notify'>;
  readonly hintDeadlineMs: number;
}

/**
 * Notifies the relays that members have changed. A notice has no content, so all changes during one call of the bus share
 * the next call. Nobody waits for it: a relay that misses it reads the changes at its next comparison.
 */
export function createMemberNotice({ publisher, hintDeadlineMs }: MemberNoticeOptions): RepeatedTask {
  const deadline = { what: 'notifying the relays of members', milliseconds: hintDeadlineMs };
  return new RepeatedTask({
    run: async () => {
      await withDeadline(publisher.notify('members'), deadline).catch(() => undefined);
    },
  });
}
