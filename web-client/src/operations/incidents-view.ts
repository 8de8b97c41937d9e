import type { OperationsPart, OperationsState, PartOutage, RepairedGap } from '@postline/protocol';
import { buttonElement, textElement } from '../page/page-element.ts';
import { clockWords, countWords, spanWords } from './figure-words.ts';
import { tableElement } from './table-element.ts';

const PART_NAMES: Readonly<Record<OperationsPart, string>> = { database: 'Database', bus: 'Redis' };

/** Shows the last outages of the servers. */
export function showOutages(box: HTMLElement, { outages, nowMs }: OperationsState): void {
  if (outages.length === 0) {
    box.replaceChildren(textElement('p', 'note', 'None since the start.'));
    return;
  }
  const rows = outages.map(({ part, beganMs, endedMs, reason }: PartOutage) => [
    PART_NAMES[part],
    clockWords(beganMs, nowMs),
    endedMs === null
      ? textElement('span', 'lasting', `${spanWords(nowMs - beganMs)}, not over`)
      : spanWords(endedMs - beganMs),
    reason,
  ]);
  box.replaceChildren(tableElement(['Server', 'Began', 'Lasted', 'Reason'], rows));
}

/** Shows where the database had messages that no hint announced. */
export function showGaps(
  box: HTMLElement,
  { gaps, nowMs }: OperationsState,
  onMessage: (targetId: string, offset: number) => void,
): void {
  if (gaps.length === 0) {
    box.replaceChildren(textElement('p', 'note', 'None are remembered.'));
    return;
  }
  const rows = gaps.map(({ atMs, targetId, from, to }: RepairedGap) => {
    const words = from === to ? countWords(from) : `${countWords(from)} to ${countWords(to)}`;
    const button = buttonElement('link', words, () => {
      onMessage(targetId, from);
    });
    button.setAttribute('aria-label', `${words} of ${targetId}: show the way of the first`);
    return [clockWords(atMs, nowMs), targetId, button];
  });
  box.replaceChildren(tableElement(['Found', 'Target', 'Messages'], rows));
}
