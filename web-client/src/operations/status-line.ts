import type { OperationsState } from '@postline/protocol';
import { spanWords } from './figure-words.ts';

const WORDS: Readonly<Record<OperationsState['status'], string>> = {
  ready: 'Ready',
  degraded: 'Degraded',
  not_ready: 'Not ready',
};

/** Shows how the relay is. A live region: its text changes only if the state does. */
export class StatusLine {
  readonly #status: HTMLElement;
  readonly #about: HTMLElement;

  constructor({ status, about }: { readonly status: HTMLElement; readonly about: HTMLElement }) {
    this.#status = status;
    this.#about = about;
  }

  show({ status, version, nowMs, startedAtMs, processes }: OperationsState): void {
    this.#set(status, WORDS[status]);
    const { expected, answered } = processes;
    const parts = [`Version ${version}`, `running for ${spanWords(nowMs - startedAtMs)}`];
    if (expected > 1)
      parts.push(
        answered === expected
          ? `the sum of ${expected} processes`
          : `the sum of ${answered} of ${expected} processes: the others do not answer`,
      );
    this.#about.textContent = parts.join(', ');
  }

  /** The relay does not answer: everything shown is old. */
  lost(detail: string): void {
    this.#set('lost', `${detail} What is shown is old.`);
  }

  waitForKey(): void {
    this.#set('', 'Waiting for a key');
  }

  #set(className: string, text: string): void {
    this.#status.className = `status ${className}`;
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }
}
