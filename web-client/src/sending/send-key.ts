import type { OutgoingMessage } from './publish-message.ts';

const KEY_BYTES = 16;

/**
 * The Idempotency-Key of the message that is being sent. It is made once for each message and kept until that
 * message is accepted, so pressing "Send" again after an error or a lost answer stores it once.
 */
export class SendKey {
  #current: { readonly message: OutgoingMessage; readonly key: string } | undefined;

  keyFor(message: OutgoingMessage): string {
    const kept = this.#current;
    if (kept?.message.text === message.text && kept.message.targetId === message.targetId) return kept.key;
    const key = newKey();
    this.#current = { message, key };
    return key;
  }

  /** The message is stored: the same text sent once more is a new message. */
  accepted(): void {
    this.#current = undefined;
  }
}

/** `randomUUID` exists on secure pages only; a relay on the local network is reached by plain http. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return `page-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
