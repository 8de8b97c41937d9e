import { readClientIds } from '../page/client-id.ts';
import { pageElement } from '../page/page-element.ts';

export interface ConnectForm {
  /** The connections, or the tokens that they should use, have changed. */
  update(): void;
  /** Puts the ids into the field and connects, as if "Connect" was pressed. */
  submit(ids: string): void;
}

export interface ConnectFormParts {
  /** The clients as which this page is connected or connecting. */
  readonly activeIds: () => readonly string[];
  /** Whether the page is connected or connecting as the client, with the token that is typed now. */
  readonly isCurrent: (clientId: string) => boolean;
  /** The field names these clients. */
  readonly onTyped: (ids: readonly string[]) => void;
  readonly onConnect: (ids: readonly string[]) => void;
  readonly onDisconnect: () => void;
}

/** The form that chooses the clients of this page. */
export function createConnectForm(parts: ConnectFormParts): ConnectForm {
  const form = pageElement('connect-form', HTMLFormElement);
  const field = pageElement('client-id', HTMLInputElement);
  const problem = pageElement('client-id-problem', HTMLElement);
  const connect = pageElement('connect', HTMLButtonElement);
  const disconnect = pageElement('disconnect', HTMLButtonElement);

  /** Whether the field names exactly the active clients. */
  function isShown(): boolean {
    const read = readClientIds(field.value);
    if (!read.ok) return false;
    return read.ids.every(parts.isCurrent) && parts.activeIds().length === read.ids.length;
  }

  function showButtons(): void {
    const activeIds = parts.activeIds();
    const read = readClientIds(field.value);
    const staysActive = activeIds.every((id) => read.ok && read.ids.includes(id));
    connect.textContent = staysActive || field.value === '' ? 'Connect' : `Switch to ${field.value}`;
    const focused = document.activeElement;
    connect.hidden = isShown();
    disconnect.hidden = activeIds.length === 0;
    // The keyboard focus must not disappear with the button.
    if (focused === connect && connect.hidden) disconnect.focus();
    if (focused === disconnect && disconnect.hidden) connect.focus();
  }

  function showProblem(text: string): void {
    problem.textContent = text;
    problem.hidden = text === '';
    if (text === '') field.removeAttribute('aria-invalid');
    else field.setAttribute('aria-invalid', 'true');
  }

  function noteTyped(): void {
    const read = readClientIds(field.value);
    if (read.ok) parts.onTyped(read.ids);
  }

  function submit(): void {
    const read = readClientIds(field.value);
    showProblem(read.ok ? '' : read.problem);
    if (!read.ok) field.focus();
    else if (!isShown()) parts.onConnect(read.ids);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  field.addEventListener('input', () => {
    showProblem('');
    showButtons();
    noteTyped();
  });
  disconnect.addEventListener('click', parts.onDisconnect);
  noteTyped();

  return {
    update: showButtons,
    submit: (ids) => {
      field.value = ids;
      noteTyped();
      submit();
    },
  };
}
