import type { ClientTokenResult, ClientTokenVerifier } from '@postline/client-tokens';
import { vi } from 'vitest';

/** When the tokens are checked. */
export const NOW = Date.parse('2026-11-25T12:00:00.000Z');
export const HOUR_MS = 3_600_000;

/** Answers when the test says so. */
export class HeldVerifier implements ClientTokenVerifier {
  readonly asked: string[] = [];
  readonly #answers: ((result: ClientTokenResult) => void)[] = [];

  verify(token: string): Promise<ClientTokenResult> {
    this.asked.push(token);
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  async answer(result: ClientTokenResult): Promise<void> {
    this.#answers.shift()?.(result);
    await vi.advanceTimersByTimeAsync(0);
  }
}

/** What is said of a token that is good. */
export const good = (expiresAt = NOW + HOUR_MS, clientId = '1'): ClientTokenResult => ({
  ok: true,
  value: { clientId, expiresAt, issuedAt: NOW, groups: [], follow: { names: new Set(), prefixes: [] } },
});
/** What is said of one that is not. */
export const refused = (refusal: 'invalid' | 'expired' | 'unverifiable'): ClientTokenResult => ({
  ok: false,
  refusal,
  reason: 'test',
});
