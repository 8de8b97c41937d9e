import type { MessageWay, OperationsState } from '@postline/protocol';

/** Kept for the tab alone, so that a reload needs no key again. */
const KEY_ITEM = 'postline-operations-key';

/** The relay answers within two seconds, or does not; a slow network may need longer. */
const ANSWER_MS_MAX = 10_000;

export type Answer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  /** The relay wants a key, or another one. */
  | { readonly kind: 'key-required'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string };

interface Problem {
  readonly code?: string;
  readonly detail?: string;
}

/** Reads the data of the page from the relay that it came from, also under a path of a site. */
export class OperationsClient {
  #key = sessionStorage.getItem(KEY_ITEM) ?? '';

  get hasKey(): boolean {
    return this.#key !== '';
  }

  useKey(key: string): void {
    this.#key = key;
    sessionStorage.setItem(KEY_ITEM, key);
  }

  state(windowSeconds: number): Promise<Answer<OperationsState>> {
    return this.#read<OperationsState>(`ops/state.json?window=${windowSeconds}`);
  }

  wayOf(targetId: string, offset: string): Promise<Answer<MessageWay>> {
    const query = new URLSearchParams({ targetId, offset });
    return this.#read<MessageWay>(`ops/message.json?${query.toString()}`);
  }

  async #read<T>(path: string): Promise<Answer<T>> {
    try {
      const response = await fetch(path, {
        headers: this.#key === '' ? {} : { Authorization: `Bearer ${this.#key}` },
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      if (response.ok) return { kind: 'answered', value: (await response.json()) as T };
      return refusalOf((await response.json()) as Problem, response.status);
    } catch {
      return { kind: 'failed', detail: 'The relay does not answer.' };
    }
  }
}

function refusalOf({ code, detail = '' }: Problem, status: number): Answer<never> {
  const needsKey = code === 'unauthorized' || detail === 'This key lacks the scope manage.';
  if (needsKey) return { kind: 'key-required', detail };
  return { kind: 'failed', detail: detail === '' ? `The relay answered ${status}.` : detail };
}
