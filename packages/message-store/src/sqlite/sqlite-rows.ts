import type { StoredMessage } from '../stored-message.ts';

/** A row of `id, target_id, offset, message as bytes, created_at`. */
export function storedMessageOf(row: readonly unknown[]): StoredMessage {
  const [id, targetId, offset, message, createdAt] = row;
  if (typeof targetId !== 'string' || typeof createdAt !== 'string' || !(message instanceof Uint8Array)) {
    throw new TypeError('a row of messages has another shape');
  }
  return {
    id: String(id),
    targetId,
    offset: Number(offset),
    message: Buffer.from(message).toString('utf8'),
    createdAt,
  };
}
