import { createAnswerView } from './answer-view.ts';
import type { Arrivals } from './arrivals.ts';
import { createJourneyView } from './journey-view.ts';
import { createJsonChoice } from './json-choice.ts';
import { pageElement } from '../page/page-element.ts';
import type { PublishAnswer } from './publish-answer.ts';
import { publishMessage } from './publish-message.ts';
import { SendKey } from './send-key.ts';
import { createTargetChoice } from './target-choice.ts';

const MESSAGE_BYTES_MAX = 65_535;
const STATUS_UNAUTHORIZED = 401;

/** From this size on, the form shows how much room is left. */
const BYTES_SHOWN_FROM = 60_000;

export interface PublishForm {
  /** Fills in a target until the user types one. */
  readonly suggestTarget: (id: string) => void;
  /** Offers the targets that this page follows. */
  readonly showTargets: (targetIds: readonly string[]) => void;
  /** Puts the target into the form, and the keyboard focus into the message. */
  readonly writeTo: (targetId: string) => void;
}

/** A message that was accepted for the first time, and the times of its way so far. */
interface SentMessage {
  /** By the clock of this device, to compare with `createdAt`. */
  readonly clickedAtEpochMs: number;
  readonly createdAt: string;
  readonly answeredMs: number;
}

export interface PublishFormParts {
  readonly apiUrl: string;
  /** The header with the key, if there is one. */
  readonly authorization: () => Readonly<Record<string, string>>;
  readonly arrivals: Arrivals;
  /** Whether this page receives messages to the target. */
  readonly isFollowed: (targetId: string) => boolean;
  /** The returned function notes the arrival on this page. */
  readonly onSent: (message: SentMessage) => (deliveredMs: number) => void;
  /** The API requires a key, or another one. */
  readonly onUnauthorized: () => void;
}

/** The form that sends a message, and shows the API's answer and how long it took. */
export function createPublishForm(parts: PublishFormParts): PublishForm {
  const form = pageElement('publish-form', HTMLFormElement);
  const target = pageElement('target-id', HTMLInputElement);
  const text = pageElement('message-text', HTMLTextAreaElement);
  const send = pageElement('send', HTMLButtonElement);
  const json = createJsonChoice(text);
  const showSize = createSizeHint(text);
  const answerView = createAnswerView();
  const showWay = createWayView(parts);
  const sendKey = new SendKey();
  let [isSending, isTargetTyped] = [false, false];

  async function submit(): Promise<void> {
    if (isSending || !json.check()) return;
    isSending = true;
    const click = { atMs: performance.now(), atEpochMs: Date.now() };
    const message = { targetId: target.value, text: text.value, isJson: json.isChosen() };
    const idempotencyKey = sendKey.keyFor(message);
    showSending(true);
    const answer = await publishMessage(message, { ...parts, idempotencyKey });
    isSending = false;
    showSending(false);
    const clickToAnswerMs = performance.now() - click.atMs;
    answerView.show(answer, { idempotencyKey, clickToAnswerMs });
    showWay(answer, { click, clickToAnswerMs });
    if (answer.kind === 'accepted') {
      sendKey.accepted();
      if (text.value === message.text) text.value = '';
      showSize();
    } else if (answer.kind === 'unanswered' || answer.retryable) {
      send.textContent = 'Send again';
    } else if (answer.status === STATUS_UNAUTHORIZED) {
      parts.onUnauthorized();
    }
  }

  /** The button stays focusable while sending, so that the keyboard focus stays on it. */
  function showSending(on: boolean): void {
    send.setAttribute('aria-disabled', String(on));
    send.textContent = on ? 'Sending…' : 'Send';
  }

  function noteEdited(): void {
    showSize();
    json.dismissProblem();
    if (isSending) return;
    send.textContent = 'Send'; // an edited text is a new message with a new key
    answerView.dismissFailure();
  }

  function writeTo(targetId: string): void {
    target.value = targetId;
    isTargetTyped = true;
    noteEdited();
    text.focus();
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  onControlEnter(text, () => void submit());
  form.addEventListener('input', (event) => {
    noteEdited();
    if (event.target === target) isTargetTyped = target.value !== '';
  });

  return {
    suggestTarget: (id) => {
      if (!isTargetTyped) target.value = id;
    },
    showTargets: createTargetChoice(writeTo),
    writeTo,
  };
}

interface Sent {
  readonly click: { readonly atMs: number; readonly atEpochMs: number };
  readonly clickToAnswerMs: number;
}

/** Shows the way of an accepted message. One stored by an earlier attempt may have arrived before this click. */
function createWayView({ arrivals, isFollowed, onSent }: PublishFormParts) {
  const journey = createJourneyView();
  return (answer: PublishAnswer, { click, clickToAnswerMs }: Sent) => {
    if (answer.kind !== 'accepted' || answer.replayed) {
      journey.hide();
      return;
    }
    const { id, targetId, createdAt } = answer;
    const noteDelivered = onSent({
      clickedAtEpochMs: click.atEpochMs,
      createdAt,
      answeredMs: clickToAnswerMs,
    });
    if (!isFollowed(targetId)) {
      journey.showAnswerFor(targetId, clickToAnswerMs);
      return;
    }
    journey.showAnswer(clickToAnswerMs);
    arrivals.when(id, (atMs) => {
      journey.showArrival(atMs - click.atMs);
      noteDelivered(atMs - click.atMs);
    });
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
