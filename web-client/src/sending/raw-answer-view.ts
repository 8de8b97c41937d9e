import { pageElement } from '../page/page-element.ts';
import type { PublishAnswer } from './publish-answer.ts';

/** The API's answer as it came, and the key that the message was sent under. */
export function createRawAnswerView(): (answer: PublishAnswer, idempotencyKey: string) => void {
  const raw = pageElement('answer-raw', HTMLDetailsElement);
  const json = pageElement('answer-json', HTMLElement);
  const key = pageElement('answer-key', HTMLElement);

  return (answer, idempotencyKey) => {
    raw.hidden = false;
    raw.open = answer.kind === 'refused';
    json.textContent = answer.kind === 'unanswered' ? '' : answer.json;
    json.hidden = json.textContent === '';
    key.textContent = idempotencyKey;
  };
}
