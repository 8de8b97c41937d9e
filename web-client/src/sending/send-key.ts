import type { OutgoingMessage } from './publish-message.ts';

const KEY_BYTES = 16;

/**
 * The idempotency key of the message in the form. It stays the same until that message is accepted, so pressing "Send"
 * again after an error or a lost answer stores the message once.
 */
export class SendKey {
  #current: { readonly message: OutgoingMessage; readonly key: string } | undefined;

  keyFor(message: OutgoingMessage): string {
    const kept = this.#current;
    if (kept !== undefined && isSame(kept.message, message)) return kept.key;
    const key = newKey();
    this.#current = { message, key };
    return key;
  }

  /** The message is stored; sending the same text again is a new message. */
  accepted(): void {
    this.#current = undefined;
  }
}

function isSame(one: OutgoingMessage, other: OutgoingMessage): boolean {
  return one.text === other.text && one.targetId === other.targetId && one.isJson === other.isJson;
}

/** Not `randomUUID`, which only secure pages have: a page on the local network uses plain http. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return `page-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
