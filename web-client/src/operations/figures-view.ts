import type { OperationsState } from '@postline/protocol';
import { textElement } from '../page/page-element.ts';
import { bytesWords, countWords, delayWords, rateWords } from './figure-words.ts';

interface Figure {
  readonly title: string;
  readonly value: string;
  readonly more?: string;
  readonly isAlarming?: boolean;
}

const SECOND_MS = 1_000;
/** A rate over fewer seconds jumps; over more, it comes too late. */
const RATE_MS = 10 * SECOND_MS;

/** Shows the figures of this moment. */
export function showFigures(list: HTMLElement, state: OperationsState): void {
  list.replaceChildren(...figuresOf(state).map(figureElement));
}

function figureElement({ title, value, more, isAlarming = false }: Figure): HTMLElement {
  const element = textElement('div', isAlarming ? 'alarming' : '');
  element.append(textElement('dt', '', title), textElement('dd', '', value));
  if (more !== undefined) element.append(textElement('dd', 'more', more));
  return element;
}

export function figuresOf({ now, totals, timeline, delays }: OperationsState): readonly Figure[] {
  const last = Math.min(Math.max(1, Math.round(RATE_MS / timeline.stepMs)), timeline.messagesSent.length);
  const perSecond = sum(timeline.messagesSent.slice(-last)) / ((last * timeline.stepMs) / SECOND_MS);
  const median = timeline.delayMedianMs.findLast((value) => value !== null);
  const p99 = timeline.delayP99Ms.findLast((value) => value !== null);
  const sent = sum(delays.fromHints) + sum(delays.fromLog);
  const gaps = sum(timeline.gapsRepaired);
  const failed = sum(timeline.comparisonsFailed);
  return [
    {
      title: 'Connections',
      value: countWords(now.connections),
      more: `of at most ${countWords(now.connectionsMax)}`,
    },
    {
      title: 'Clients',
      value: countWords(now.clients),
      more: `${countWords(now.connectionsAwaitingIdentify)} not identified yet`,
    },
    {
      title: 'Targets followed',
      value: countWords(now.targets),
      more: `${countWords(now.groups)} of them ${now.groups === 1 ? 'a group' : 'groups'}`,
    },
    {
      title: 'Sent per second',
      value: rateWords(perSecond),
      more: `${countWords(totals.messagesSent)} since the start`,
    },
    {
      title: 'Delay, median',
      value: median === undefined ? '–' : delayWords(median),
      more: p99 === undefined ? `${countWords(sent)} messages` : `99 % within ${delayWords(p99)}`,
    },
    {
      title: 'Gaps repaired',
      value: countWords(gaps),
      more: `${countWords(totals.gapsRepaired)} since the start`,
    },
    {
      title: 'Hints lost',
      value: countWords(totals.hintsLost),
      more: `of ${countWords(totals.hintsReceived + totals.hintsLost)} since the start`,
    },
    {
      title: 'Comparisons of heads',
      value: countWords(sum(timeline.comparisons)),
      more: failed === 0 ? 'none failed' : `${countWords(failed)} failed`,
      isAlarming: failed > 0,
    },
    {
      title: 'Full sockets',
      value: countWords(now.connectionsStalled),
      more: `${bytesWords(now.socketQueuesBytes)} wait for slow clients`,
    },
    { title: 'Acks waiting', value: countWords(now.acksWaiting), more: 'to be stored' },
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
