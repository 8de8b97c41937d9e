import { partOf } from '../page/page-element.ts';

/** Items that stay on the page: an unbounded list would exhaust the tab's memory. Older messages remain in the log. */
const ITEMS_MAX = 500;
/** With earlier messages that the user asked for. */
const ITEMS_WITH_EARLIER_MAX = 2_000;

export interface ListBound {
  /** Whether so many items are too many. */
  readonly isExceededBy: (count: number) => boolean;
  /** Removes an item from the beginning, and says so. */
  readonly drop: (item: Element | null | undefined) => void;
  /** Earlier items were added. They may stay. */
  readonly widen: (count: number) => void;
  readonly hasRoom: (count: number) => boolean;
  /** The list is empty. */
  readonly reset: () => void;
}

/** How many items the list may have. `onDropped`: items left the beginning of the list, or all of it. */
export function createListBound(root: HTMLElement, onDropped: () => void): ListBound {
  const note = partOf(root, 'dropped-note', HTMLElement);
  let itemsMax = ITEMS_MAX;
  let droppedCount = 0;

  function count(next: number): void {
    droppedCount = next;
    note.hidden = next === 0;
    note.textContent = `Showing the newest ${itemsMax} messages. ${next} older ones left this page, but not the log.`;
  }

  return {
    isExceededBy: (items) => items > itemsMax,
    drop: (item) => {
      item?.remove();
      count(droppedCount + 1);
      onDropped();
    },
    widen: (items) => {
      itemsMax = Math.max(itemsMax, Math.min(items, ITEMS_WITH_EARLIER_MAX));
      count(0); // what had left came back first
    },
    hasRoom: (items) => items < ITEMS_WITH_EARLIER_MAX,
    reset: () => {
      itemsMax = ITEMS_MAX;
      count(0);
      onDropped();
    },
  };
}
