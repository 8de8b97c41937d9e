import { pageElement, textElement } from '../page/page-element.ts';
import { durationWords } from '../page/time-words.ts';
import { DelayLog, STATIONS, storedAfter } from './delay-log.ts';
import { drawDelays, markOf } from './delay-picture.ts';

interface AnsweredMessage {
  /** By the clock of this device, to compare with `createdAt`. */
  readonly clickedAtEpochMs: number;
  readonly createdAt: string;
  readonly answeredMs: number;
}

export interface DelaysView {
  /** Adds a message that was answered. The returned function notes its arrival. */
  readonly add: (message: AnsweredMessage) => (deliveredMs: number) => void;
}

/** The delays of the last messages that this page sent: a picture, and the medians in words. */
export function createDelaysView(): DelaysView {
  const figure = pageElement('delays', HTMLElement);
  const picture = pageElement('delays-picture', HTMLElement);
  const legend = pageElement('delays-legend', HTMLElement);
  const count = pageElement('delays-count', HTMLElement);
  const log = new DelayLog();

  function show(): void {
    const total = log.delays.length;
    figure.hidden = false;
    count.textContent = total === 1 ? 'of one message' : `medians of the last ${total} messages`;
    legend.replaceChildren(...STATIONS.map(legendElement));
    picture.replaceChildren(drawDelays(log.delays));
  }

  function legendElement(station: (typeof STATIONS)[number]): HTMLElement {
    const median = log.median(station);
    const item = textElement('li', '');
    const time = textElement('strong', '', median === undefined ? '–' : durationWords(median));
    item.append(markOf(station), `${station} `, time);
    if (median === undefined && station === 'stored')
      item.title = 'The clock of the database and the clock of this device differ';
    return item;
  }

  return {
    add: ({ createdAt, clickedAtEpochMs, answeredMs }) => {
      const storedMs = storedAfter(createdAt, clickedAtEpochMs, answeredMs);
      const delay = { storedMs, answeredMs, deliveredMs: undefined };
      log.add(delay);
      show();
      return (deliveredMs) => {
        log.deliver(delay, deliveredMs);
        show();
      };
    },
  };
}
