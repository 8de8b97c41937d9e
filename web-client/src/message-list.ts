import { pageElement } from './page-element.ts';

/** What stays on the page. Older ones are in the log still; a list without a bound would take the tab's memory. */
const ITEMS_MAX = 500;

/** More than so many at once are summed up for a screen reader instead of being read out one by one. */
const READ_OUT_MAX = 5;

/** So near to the end counts as being at the end, whatever the zoom rounds it to. */
const END_TOLERANCE_PIXELS = 48;

/** A hidden tab draws no frames, but its list must not wait until it is looked at. */
const HIDDEN_FLUSH_MS = 250;

export interface MessageList {
  add(item: HTMLLIElement): void;
  isEmpty(): boolean;
  /** Empties the list, for another client. */
  clear(): void;
}

/** The list of messages. Items that come together are shown together, so a long backlog costs one layout. */
export function createMessageList(onEmptyChange: (isEmpty: boolean) => void): MessageList {
  const scroller = pageElement('messages', HTMLElement);
  const list = pageElement('message-list', HTMLOListElement);
  const jump = pageElement('jump-to-newest', HTMLButtonElement);
  const dropped = pageElement('dropped-note', HTMLElement);
  const announcement = pageElement('announcement', HTMLElement);
  let waiting: HTMLLIElement[] = [];
  let droppedCount = 0;
  let unseenCount = 0;
  let isFlushPlanned = false;

  const isAtEnd = () =>
    scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight <= END_TOLERANCE_PIXELS;

  function flush(): void {
    isFlushPlanned = false;
    if (waiting.length === 0) return;
    const items = waiting;
    waiting = [];
    const wasAtEnd = isAtEnd();
    scroller.ariaLive = items.length > READ_OUT_MAX ? 'off' : 'polite';
    list.append(...items);
    while (list.childElementCount > ITEMS_MAX) drop(list.firstElementChild);
    onEmptyChange(false);
    if (wasAtEnd) scroller.scrollTop = scroller.scrollHeight;
    else showUnseen(unseenCount + items.length);
    if (items.length > READ_OUT_MAX) announcement.textContent = `${items.length} messages arrived.`;
  }

  function drop(item: Element | null | undefined): void {
    item?.remove();
    droppedCount += 1;
    dropped.hidden = false;
    dropped.textContent = `The newest ${ITEMS_MAX} are shown; ${droppedCount} before them left this page (not the log).`;
  }

  function showUnseen(count: number): void {
    unseenCount = count;
    jump.hidden = count === 0;
    jump.textContent = count === 1 ? '1 new message' : `${count} new messages`;
  }

  scroller.addEventListener('scroll', () => {
    if (unseenCount > 0 && isAtEnd()) showUnseen(0);
  });
  jump.addEventListener('click', () => {
    scroller.scrollTop = scroller.scrollHeight;
    showUnseen(0);
    scroller.focus({ preventScroll: true });
  });

  return {
    add: (item) => {
      waiting.push(item);
      if (waiting.length > ITEMS_MAX) drop(waiting.shift());
      if (isFlushPlanned) return;
      isFlushPlanned = true;
      if (document.hidden) setTimeout(flush, HIDDEN_FLUSH_MS);
      else requestAnimationFrame(flush);
    },
    isEmpty: () => list.childElementCount + waiting.length === 0,
    clear: () => {
      waiting = [];
      list.replaceChildren();
      droppedCount = 0;
      dropped.hidden = true;
      showUnseen(0);
      onEmptyChange(true);
    },
  };
}
