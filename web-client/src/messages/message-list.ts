import { createEndFollower } from './end-follower.ts';
import { noticeElement } from './message-element.ts';
import { pageElement } from '../page/page-element.ts';

/** What stays on the page. Older ones are in the log still; a list without a bound would take the tab's memory. */
const ITEMS_MAX = 500;

/** More than so many at once are summed up for a screen reader instead of being read out one by one. */
const READ_OUT_MAX = 5;

/** A hidden tab draws no frames, but its list must not wait until it is looked at. */
const HIDDEN_FLUSH_MS = 250;

export interface MessageList {
  add(item: HTMLLIElement): void;
  /** Tells of something between the messages; once, where the same thing happens again and again. */
  addNotice(text: string): void;
  isEmpty(): boolean;
  /** Empties the list, for another client. */
  clear(): void;
}

/** The list of messages. Items that come together are shown together, so a long backlog costs one layout. */
export function createMessageList(onEmptyChange: (isEmpty: boolean) => void): MessageList {
  const scroller = pageElement('messages', HTMLElement);
  const list = pageElement('message-list', HTMLOListElement);
  const dropped = pageElement('dropped-note', HTMLElement);
  const announcement = pageElement('announcement', HTMLElement);
  const follower = createEndFollower(scroller);
  let waiting: HTMLLIElement[] = [];
  let droppedCount = 0;
  let isFlushPlanned = false;

  function flush(): void {
    isFlushPlanned = false;
    if (waiting.length === 0) return;
    const items = waiting;
    waiting = [];
    scroller.ariaLive = items.length > READ_OUT_MAX ? 'off' : 'polite';
    follower.whileAdding(items.length, () => {
      onEmptyChange(false);
      list.append(...items);
      while (list.childElementCount > ITEMS_MAX) drop(list.firstElementChild);
    });
    if (items.length > READ_OUT_MAX) announcement.textContent = `${items.length} messages arrived.`;
  }

  function drop(item: Element | null | undefined): void {
    item?.remove();
    droppedCount += 1;
    dropped.hidden = false;
    dropped.textContent = `The newest ${ITEMS_MAX} are shown; ${droppedCount} before them left this page (not the log).`;
  }

  function add(item: HTMLLIElement): void {
    waiting.push(item);
    if (waiting.length > ITEMS_MAX) drop(waiting.shift());
    if (isFlushPlanned) return;
    isFlushPlanned = true;
    if (document.hidden) setTimeout(flush, HIDDEN_FLUSH_MS);
    else requestAnimationFrame(flush);
  }

  return {
    add,
    addNotice: (text) => {
      const notice = noticeElement(text);
      const last = waiting.at(-1) ?? list.lastElementChild;
      if (last?.isEqualNode(notice) !== true) add(notice);
    },
    isEmpty: () => list.childElementCount + waiting.length === 0,
    clear: () => {
      waiting = [];
      list.replaceChildren();
      droppedCount = 0;
      dropped.hidden = true;
      follower.reset();
      onEmptyChange(true);
    },
  };
}
