import { isUtf8 } from 'node:buffer';
import { isTargetId, MESSAGE_BYTES_MAX } from '@postline/protocol';

/**
 * Why no log takes a row of the outbox, `undefined` where one does. What HTTP would refuse, no log takes: the procedure
 * refuses it too, but a table can also be written to by hand, by an older procedure, or with its checks switched off.
 * Compared as bytes: MariaDB takes encoded surrogates for text, which everybody else reads as other characters.
 */
export function outboxRowFault(target: Buffer | null, message: Buffer | null): string | undefined {
  if (target === null || !isTargetId(target.toString('latin1'))) return 'target_id is no target id';
  if (message === null || message.length === 0) return 'message is empty';
  if (message.length > MESSAGE_BYTES_MAX) return `message is longer than ${MESSAGE_BYTES_MAX} bytes`;
  return isUtf8(message) ? undefined : 'message is not well-formed UTF-8';
}
