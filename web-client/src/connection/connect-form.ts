import { readClientId } from '../page/client-id.ts';
import { activeClientId, type ConnectionState } from './connection-state.ts';
import { pageElement } from '../page/page-element.ts';

export interface ConnectForm {
  show(state: ConnectionState): void;
  /** Puts the id into the field and connects, as if "Connect" was pressed. */
  submit(id: string): void;
}

export interface ConnectFormListener {
  onConnect(clientId: string): void;
  onDisconnect(): void;
}

/** The form that chooses the client of this page. */
export function createConnectForm(listener: ConnectFormListener): ConnectForm {
  const form = pageElement('connect-form', HTMLFormElement);
  const field = pageElement('client-id', HTMLInputElement);
  const problem = pageElement('client-id-problem', HTMLElement);
  const connect = pageElement('connect', HTMLButtonElement);
  const disconnect = pageElement('disconnect', HTMLButtonElement);
  /** The client as which this page is connected or connecting. */
  let activeId: string | undefined;

  function showButtons(): void {
    const isOther = activeId !== field.value;
    connect.textContent =
      activeId === undefined || field.value === '' ? 'Connect' : `Switch to ${field.value}`;
    const focused = document.activeElement;
    connect.hidden = !isOther;
    disconnect.hidden = activeId === undefined;
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

  function submit(): void {
    const read = readClientId(field.value);
    showProblem(read.ok ? '' : read.problem);
    if (!read.ok) field.focus();
    else if (read.id !== activeId) listener.onConnect(read.id);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  field.addEventListener('input', () => {
    showProblem('');
    showButtons();
  });
  disconnect.addEventListener('click', () => {
    listener.onDisconnect();
  });

  return {
    show: (state) => {
      activeId = activeClientId(state);
      showButtons();
    },
    submit: (id) => {
      field.value = id;
      submit();
    },
  };
}
