import { createAnswerView, createRawAnswerView } from './answer-view.ts';
import type { Arrivals } from './arrivals.ts';
import { createJourneyView } from './journey-view.ts';
import { pageElement } from '../page/page-element.ts';
import type { PublishAnswer } from './publish-answer.ts';
import { publishMessage } from './publish-message.ts';
import { SendKey } from './send-key.ts';

const MESSAGE_BYTES_MAX = 65_535;

/** From this size on, the form shows how much room is left. */
const BYTES_SHOWN_FROM = 60_000;

export interface PublishForm {
  /** Fills in a target until the user types one. */
  suggestTarget(id: string): void;
  /** Puts the target into the form, and the keyboard focus into the message. */
  writeTo(targetId: string): void;
}

export interface PublishFormParts {
  readonly apiUrl: string;
  readonly arrivals: Arrivals;
  /** Whether this page receives messages to the target. */
  readonly isFollowed: (targetId: string) => boolean;
}

/** The form that sends a message, and shows the API's answer and how long it took. */
export function createPublishForm({ apiUrl, arrivals, isFollowed }: PublishFormParts): PublishForm {
  const form = pageElement('publish-form', HTMLFormElement);
  const target = pageElement('target-id', HTMLInputElement);
  const text = pageElement('message-text', HTMLTextAreaElement);
  const send = pageElement('send', HTMLButtonElement);
  const showSize = createSizeHint(text);
  const answerView = createAnswerView();
  const showRawAnswer = createRawAnswerView();
  const journey = createJourneyView();
  const sendKey = new SendKey();
  let [isSending, isTargetTyped] = [false, false];

  async function submit(): Promise<void> {
    if (isSending) return;
    isSending = true;
    const clickedAtMs = performance.now();
    const message = { targetId: target.value, text: text.value };
    const idempotencyKey = sendKey.keyFor(message);
    showSending(true);
    const answer = await publishMessage(apiUrl, message, idempotencyKey);
    isSending = false;
    showSending(false);
    const answeredAtMs = performance.now();
    answerView.show(answer, answeredAtMs - clickedAtMs);
    showRawAnswer(answer, idempotencyKey);
    showJourney(answer, clickedAtMs, answeredAtMs);
    if (answer.kind === 'accepted') {
      sendKey.accepted();
      if (text.value === message.text) text.value = '';
      showSize();
    } else if (answer.kind === 'unanswered' || answer.retryable) {
      send.textContent = 'Send again';
    }
  }

  /** A message stored by an earlier attempt may have arrived before this click, so it has no journey. */
  function showJourney(answer: PublishAnswer, clickedAtMs: number, answeredAtMs: number): void {
    const clickToAnswerMs = answeredAtMs - clickedAtMs;
    if (answer.kind !== 'accepted' || answer.replayed) journey.hide();
    else if (isFollowed(answer.targetId)) {
      journey.showAnswer(clickToAnswerMs);
      arrivals.when(answer.id, (atMs) => journey.showArrival(atMs - clickedAtMs));
    } else {
      journey.showAnswerFor(answer.targetId, clickToAnswerMs);
    }
  }

  /** The button stays focusable while sending, so that the keyboard focus stays on it. */
  function showSending(on: boolean): void {
    send.setAttribute('aria-disabled', String(on));
    send.textContent = on ? 'Sending…' : 'Send';
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  onControlEnter(text, () => void submit());
  form.addEventListener('input', () => {
    showSize();
    if (!isSending) send.textContent = 'Send'; // an edited text is a new message with a new key
  });
  target.addEventListener('input', () => {
    isTargetTyped = target.value !== '';
  });

  return {
    suggestTarget: (id) => {
      if (!isTargetTyped) target.value = id;
    },
    writeTo: (targetId) => {
      target.value = targetId;
      isTargetTyped = true;
      text.focus();
    },
  };
}

function onControlEnter(text: HTMLTextAreaElement, act: () => void): void {
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    act();
  });
}

/** Shows how much room is left in a long message. */
function createSizeHint(text: HTMLTextAreaElement): () => void {
  const size = pageElement('message-size', HTMLElement);
  return () => {
    const bytes = new TextEncoder().encode(text.value).length;
    size.hidden = bytes < BYTES_SHOWN_FROM;
    size.textContent = `${bytes.toLocaleString()} of ${MESSAGE_BYTES_MAX.toLocaleString()} bytes`;
    size.dataset['over'] = String(bytes > MESSAGE_BYTES_MAX);
  };
}
