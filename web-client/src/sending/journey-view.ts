import { durationWords } from '../page/time-words.ts';
import { pageElement, textElement } from '../page/page-element.ts';

interface Stop {
  readonly name: string;
  /** Since the click. Undefined if it has not been reached, or happens on another page. */
  readonly atMs: number | undefined;
  readonly words: string;
}

export interface JourneyView {
  /** The API has answered, and this page will receive the message. */
  showAnswer(clickToAnswerMs: number): void;
  /** The API has answered, and another client will receive the message. */
  showAnswerFor(targetId: string, clickToAnswerMs: number): void;
  showArrival(clickToArrivalMs: number): void;
  hide(): void;
}

/** The way of the last sent message, as stops on a line: the click, the API's answer, the arrival here. */
export function createJourneyView(): JourneyView {
  const journey = pageElement('journey', HTMLOListElement);
  const click = stopAt('Click', 0);
  let answer = click;

  /** In order of time: a message often arrives before the API's answer. */
  function show(arrival: Stop): void {
    const stops = [answer, arrival].sort((a, b) => (a.atMs ?? Infinity) - (b.atMs ?? Infinity));
    journey.hidden = false;
    journey.replaceChildren(...[click, ...stops].map(stopElement));
  }

  return {
    showAnswer: (clickToAnswerMs) => {
      answer = stopAt('API answered', clickToAnswerMs);
      show({ name: 'On this page', atMs: undefined, words: 'on its way' });
    },
    showAnswerFor: (targetId, clickToAnswerMs) => {
      answer = stopAt('API answered', clickToAnswerMs);
      show({ name: `To ${targetId}`, atMs: undefined, words: 'not this page' });
    },
    showArrival: (clickToArrivalMs) => show(stopAt('On this page', clickToArrivalMs)),
    hide: () => {
      journey.hidden = true;
    },
  };
}

function stopAt(name: string, atMs: number): Stop {
  return { name, atMs, words: atMs === 0 ? '0 ms' : durationWords(atMs) };
}

function stopElement({ name, atMs, words }: Stop): HTMLLIElement {
  const element = textElement('li', 'journey-stop', name);
  element.dataset['reached'] = String(atMs !== undefined);
  element.append(textElement('span', 'journey-time', words));
  return element;
}
