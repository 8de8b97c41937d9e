import type { DelayCounts } from '@postline/protocol';
import { textElement } from '../page/page-element.ts';
import { svgElement } from '../page/svg-element.ts';
import { countWords, delayWords } from './figure-words.ts';

/** A bucket of delays, with its messages. */
export interface DelayBar {
  readonly bound: string;
  readonly fromHints: number;
  readonly fromLog: number;
}

/** The buckets from the first to the last that has messages; none if none has. */
export function barsOf({ boundsMs, fromHints, fromLog }: DelayCounts): readonly DelayBar[] {
  const all = fromHints.map((count, index) => ({
    bound: boundOf(boundsMs, index),
    fromHints: count,
    fromLog: fromLog[index] ?? 0,
  }));
  const hasMessages = (bar: DelayBar) => bar.fromHints + bar.fromLog > 0;
  return all.slice(Math.max(0, all.findIndex(hasMessages)), all.findLastIndex(hasMessages) + 1);
}

function boundOf(boundsMs: readonly number[], index: number): string {
  const bound = boundsMs[index];
  return bound === undefined ? `over ${delayWords(boundsMs.at(-1) ?? 0)}` : `≤ ${delayWords(bound)}`;
}

/** Shows how many messages of the window were sent within which time after they were stored. */
export function showDelays(box: HTMLElement, delays: DelayCounts): void {
  const bars = barsOf(delays);
  if (bars.length === 0) {
    box.replaceChildren(
      textElement('p', 'note', 'No message was sent in this time to a client that was connected.'),
    );
    return;
  }
  const largest = Math.max(...bars.map((bar) => bar.fromHints + bar.fromLog));
  const list = textElement('div', 'bars');
  for (const { bound, fromHints, fromLog } of bars) {
    const words = `${bound}: ${countWords(fromHints)} by a hint, ${countWords(fromLog)} from the database`;
    list.append(
      textElement('span', 'bound', bound),
      barElement({ fromHints: fromHints / largest, fromLog: fromLog / largest, words }),
      textElement('span', 'count', countWords(fromHints + fromLog)),
    );
  }
  const note = 'From being stored, by the clock of the database, to being written to the socket.';
  box.replaceChildren(textElement('p', 'note', note), list, legendElement());
}

function barElement({
  fromHints,
  fromLog,
  words,
}: {
  readonly fromHints: number;
  readonly fromLog: number;
  readonly words: string;
}): SVGSVGElement {
  const picture = svgElement('svg', { viewBox: '0 0 100 10', preserveAspectRatio: 'none', role: 'img' });
  picture.setAttribute('aria-label', words);
  picture.append(
    svgElement('rect', { x: 0, y: 0, width: fromHints * 100, height: 10, class: 'bar-hint' }),
    svgElement('rect', { x: fromHints * 100, y: 0, width: fromLog * 100, height: 10, class: 'bar-log' }),
  );
  return picture;
}

function legendElement(): HTMLElement {
  const legend = textElement('p', 'legend');
  for (const [style, text] of [
    ['bar-hint', 'sent when the hint arrived'],
    ['bar-log', 'read from the database'],
  ] as const) {
    const mark = svgElement('svg', { viewBox: '0 0 10 10', 'aria-hidden': 'true' });
    mark.append(svgElement('rect', { width: 10, height: 10, class: style }));
    const entry = textElement('span', '');
    entry.append(mark, text);
    legend.append(entry);
  }
  return legend;
}
