import { parseJsonObject } from '../page/json-object.ts';

const STORAGE_KEY = 'postline-page-credentials';
/** Far more clients than one tab is used for; the first of them is dropped. */
const TOKENS_MAX = 20;

/** The key and the tokens that the user typed. They stay in this tab's `sessionStorage`, which ends with the tab. */
export class Credentials {
  #apiKey = '';
  /** By client id. */
  readonly #tokens = new Map<string, string>();

  constructor() {
    try {
      const { apiKey, tokens } = parseJsonObject(sessionStorage.getItem(STORAGE_KEY) ?? '') ?? {};
      if (typeof apiKey === 'string') this.#apiKey = apiKey;
      for (const [id, token] of Object.entries(tokens ?? {}))
        if (typeof token === 'string') this.#tokens.set(id, token);
    } catch {
      // The browser keeps nothing: then they last as long as the page.
    }
  }

  get apiKey(): string {
    return this.#apiKey;
  }

  set apiKey(typed: string) {
    this.#apiKey = typed.trim();
    this.#keep();
  }

  tokenOf(clientId: string): string {
    return this.#tokens.get(clientId) ?? '';
  }

  setToken(clientId: string, typed: string): void {
    this.#tokens.delete(clientId);
    if (typed.trim() !== '') this.#tokens.set(clientId, typed.trim());
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= TOKENS_MAX) break;
      this.#tokens.delete(oldest);
    }
    this.#keep();
  }

  #keep(): void {
    try {
      const kept = { apiKey: this.#apiKey, tokens: Object.fromEntries(this.#tokens) };
      sessionStorage.setItem(STORAGE_KEY, JSON.stringify(kept));
    } catch {
      // See the constructor.
    }
  }
}
