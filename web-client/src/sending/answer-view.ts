import { durationWords } from '../page/time-words.ts';
import { pageElement, showIcon, textElement } from '../page/page-element.ts';
import type { PublishAnswer } from './publish-answer.ts';

export interface AnswerView {
  show(
    answer: PublishAnswer,
    sent: { readonly idempotencyKey: string; readonly clickToAnswerMs: number },
  ): void;
  /** Hides a failure: the user is about to send something else. */
  dismissFailure(): void;
}

/** The API's answer to the last message: in words, and unchanged with the idempotency key of the message. */
export function createAnswerView(): AnswerView {
  const region = pageElement('answer', HTMLElement);
  const icon = pageElement('answer-icon', SVGUseElement);
  const summary = pageElement('answer-summary', HTMLElement);
  const timing = pageElement('answer-timing', HTMLElement);
  const details = pageElement('answer-details', HTMLElement);
  const raw = pageElement('answer-raw', HTMLDetailsElement);
  const json = pageElement('answer-json', HTMLElement);
  const key = pageElement('answer-key', HTMLElement);

  return {
    show: (answer, { idempotencyKey, clickToAnswerMs }) => {
      region.hidden = false;
      region.dataset['outcome'] = answer.kind;
      showIcon(icon, answer.kind === 'accepted' ? 'live' : 'stopped');
      summary.textContent = summaryWords(answer);
      timing.textContent = timingWords(answer, clickToAnswerMs);
      details.replaceChildren(...detailElements(answer));
      raw.hidden = false;
      raw.open = answer.kind === 'refused';
      json.textContent = answer.kind === 'unanswered' ? '' : answer.json;
      json.hidden = json.textContent === '';
      key.textContent = idempotencyKey;
    },
    dismissFailure: () => {
      if (region.dataset['outcome'] === 'accepted') return;
      region.hidden = true;
      raw.hidden = true;
    },
  };
}

/** The duration of an accepted message is shown by its journey. */
function timingWords(answer: PublishAnswer, clickToAnswerMs: number): string {
  switch (answer.kind) {
    case 'accepted':
      return String(answer.status);
    case 'refused':
      return `${answer.status} · ${durationWords(clickToAnswerMs)}`;
    case 'unanswered':
      return `after ${durationWords(clickToAnswerMs)}`;
  }
}

function summaryWords(answer: PublishAnswer): string {
  switch (answer.kind) {
    case 'accepted':
      return `Accepted: offset ${answer.offset} in the log of ${answer.targetId}`;
    case 'refused':
      return answer.title;
    case 'unanswered':
      return 'No answer from the API';
  }
}

function detailElements(answer: PublishAnswer): HTMLElement[] {
  const words = detailWords(answer).map((text) => textElement('p', 'answer-detail', text));
  if (answer.kind !== 'refused' || answer.errors.length === 0) return words;
  const list = textElement('ul', 'answer-errors');
  for (const { path, message } of answer.errors) {
    const item = textElement('li', '');
    item.append(textElement('code', '', path === '' ? 'body' : path), ` ${message}`);
    list.append(item);
  }
  return [...words, list];
}

function detailWords(answer: PublishAnswer): string[] {
  switch (answer.kind) {
    case 'accepted': {
      const delivery =
        answer.delivery === 'stored' ? 'Stored. The relay fetches it from the database within seconds.' : '';
      const replayed = answer.replayed
        ? 'An earlier attempt had already stored it; nothing was stored twice.'
        : '';
      return [delivery, replayed].filter((text) => text !== '');
    }
    case 'refused': {
      const wait =
        answer.retryAfterSeconds === undefined ? '' : ` (in ${answer.retryAfterSeconds} s or later)`;
      const retry = answer.retryable
        ? `Send it again${wait}. The same key makes sure that it is stored only once.`
        : '';
      return [answer.detail, retry].filter((text) => text !== '');
    }
    case 'unanswered':
      return [
        answer.reason,
        'The message may have been stored or not. Send it again: the same key makes sure that it is stored only once.',
      ];
  }
}
