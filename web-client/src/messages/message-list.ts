import { createEndFollower } from './end-follower.ts';
import { noticeElement } from './message-element.ts';
import { pageElement } from '../page/page-element.ts';

/** Items that stay on the page: an unbounded list would exhaust the tab's memory. Older messages remain in the log. */
const ITEMS_MAX = 500;

/** A screen reader reads up to this many new messages one by one, and only the number of more. */
const READ_OUT_MAX = 5;

/** A hidden tab draws no frames, so its list is updated by a timer. */
const HIDDEN_FLUSH_MS = 250;

export interface MessageList {
  add(item: HTMLLIElement): void;
  /** Adds a notice between the messages, unless the last item is the same notice. */
  addNotice(text: string): void;
  isEmpty(): boolean;
  /** Empties the list for another client. */
  clear(): void;
}

/** The list of messages. Items that arrive together are added together, so a long backlog costs one layout. */
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
    dropped.textContent = `Showing the newest ${ITEMS_MAX} messages. ${droppedCount} older ones left this page, but not the log.`;
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
