import { pageElement } from '../page/page-element.ts';

/** The form for a key, shown while the relay wants one. */
export class KeyForm {
  readonly #form = pageElement('key-form', HTMLFormElement);
  readonly #key = pageElement('key', HTMLInputElement);
  readonly #problem = pageElement('key-problem', HTMLElement);

  constructor(onKey: (key: string) => void) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      onKey(this.#key.value.trim());
    });
  }

  ask(problem: string): void {
    this.#problem.textContent = problem;
    if (!this.#form.hidden) return;
    this.#form.hidden = false;
    this.#key.value = '';
    this.#key.focus();
  }

  hide(): void {
    this.#form.hidden = true;
    this.#key.value = '';
  }
}
