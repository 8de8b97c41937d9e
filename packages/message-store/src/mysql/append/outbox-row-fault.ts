import { isUtf8 } from 'node:buffer';
import { isGroupId, isTargetId, MESSAGE_BYTES_MAX } from '@postline/protocol';

/** The bytes of a row. The text columns may hold anything if the table was written to by hand. */
export interface OutboxRowBytes {
  readonly kind: string;
  readonly target: Buffer | null;
  readonly client: Buffer | null;
  readonly message: Buffer | null;
}

/**
 * Returns why an outbox row can't be moved; `undefined` if it can. It refuses what the HTTP API would refuse. The
 * procedures do so too, but rows may also be inserted by hand, by an older procedure, or with the table's checks
 * disabled. It checks bytes: MariaDB accepts encoded surrogates as text, but other software would read them as
 * different characters.
 */
export function outboxRowFault({ kind, target, client, message }: OutboxRowBytes): string | undefined {
  if (!KINDS.has(kind)) return 'kind is unknown';
  return targetFault(target) ?? (kind === 'message' ? messageFault(message) : memberFault(target, client));
}

const KINDS: ReadonlySet<string> = new Set(['message', 'join', 'leave']);

export function targetFault(target: Buffer | null): string | undefined {
  const isFit = target !== null && isTargetId(target.toString('latin1'));
  return isFit ? undefined : 'target_id is no target id';
}

function memberFault(target: Buffer | null, client: Buffer | null): string | undefined {
  if (target === null || !isGroupId(target.toString('latin1'))) return 'target_id is no group';
  const clientId = client?.toString('latin1');
  const isFit = clientId !== undefined && isTargetId(clientId) && !isGroupId(clientId);
  return isFit ? undefined : 'client_id is no client id';
}

function messageFault(message: Buffer | null): string | undefined {
  if (message === null || message.length === 0) return 'message is empty';
  if (message.length > MESSAGE_BYTES_MAX) return `message is longer than ${MESSAGE_BYTES_MAX} bytes`;
  return isUtf8(message) ? undefined : 'message is not well-formed UTF-8';
}
