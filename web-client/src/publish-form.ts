import { createAnswerView } from './answer-view.ts';
import { pageElement } from './page-element.ts';
import { publishMessage } from './publish-message.ts';
import { SendKey } from './send-key.ts';

const MESSAGE_BYTES_MAX = 65_535;

/** From here on it is worth knowing how much room is left. */
const BYTES_SHOWN_FROM = 60_000;

export interface PublishForm {
  /** Proposes a target, for as long as the person has not typed one. */
  suggestTarget(id: string): void;
}

/** Where a person sends a message, and reads what the API says to it. */
export function createPublishForm(apiUrl: string): PublishForm {
  const form = pageElement('publish-form', HTMLFormElement);
  const target = pageElement('target-id', HTMLInputElement);
  const text = pageElement('message-text', HTMLTextAreaElement);
  const send = pageElement('send', HTMLButtonElement);
  const size = pageElement('message-size', HTMLElement);
  const answerView = createAnswerView();
  const sendKey = new SendKey();
  let isSending = false;
  let isTargetTyped = false;

  async function submit(): Promise<void> {
    if (isSending) return;
    isSending = true;
    const message = { targetId: target.value, text: text.value };
    const idempotencyKey = sendKey.keyFor(message);
    showSending(true);
    const timed = await publishMessage(apiUrl, message, idempotencyKey);
    isSending = false;
    showSending(false);
    answerView.show(timed, idempotencyKey);
    if (timed.answer.kind === 'accepted') {
      sendKey.accepted();
      if (text.value === message.text) text.value = '';
      showSize();
    } else if (timed.answer.kind === 'unanswered' || timed.answer.retryable) {
      send.textContent = 'Send again';
    }
  }

  /** The button stays focusable while it works, so the keyboard keeps its place. */
  function showSending(on: boolean): void {
    send.setAttribute('aria-disabled', String(on));
    send.textContent = on ? 'Sending…' : 'Send';
  }

  function showSize(): void {
    const bytes = new TextEncoder().encode(text.value).length;
    size.hidden = bytes < BYTES_SHOWN_FROM;
    size.textContent = `${bytes.toLocaleString()} of ${MESSAGE_BYTES_MAX.toLocaleString()} bytes`;
    size.dataset['over'] = String(bytes > MESSAGE_BYTES_MAX);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    void submit();
  });
  form.addEventListener('input', () => {
    showSize();
    if (!isSending) send.textContent = 'Send'; // what changed is a new message, with a key of its own
  });
  target.addEventListener('input', () => {
    isTargetTyped = target.value !== '';
  });

  return {
    suggestTarget: (id) => {
      if (!isTargetTyped) target.value = id;
    },
  };
}
