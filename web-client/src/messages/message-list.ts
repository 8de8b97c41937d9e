import type { Message } from '@postline/client';
import { partOf } from '../page/page-element.ts';
import { createEndFollower } from './end-follower.ts';
import { messageElement, noticeElement } from './message-element.ts';
import { createMessageFilter } from './message-filter.ts';
import { createRovingFocus } from './roving-focus.ts';

/** Items that stay on the page: an unbounded list would exhaust the tab's memory. Older messages remain in the log. */
const ITEMS_MAX = 500;

/** A screen reader reads up to this many new messages one by one, and only the number of more. */
const READ_OUT_MAX = 5;

/** A hidden tab draws no frames, so its list is updated by a timer. */
const HIDDEN_FLUSH_MS = 250;

export interface MessageList {
  add(message: Message): void;
  /** Adds a notice between the messages, unless the last item is the same notice. */
  addNotice(text: string): void;
  isEmpty(): boolean;
}

/** The list of messages. Items that arrive together are added together, so a long backlog costs one layout. */
export function createMessageList(root: HTMLElement): MessageList {
  const scroller = partOf(root, 'log', HTMLElement);
  const list = partOf(root, 'message-list', HTMLOListElement);
  const dropped = partOf(root, 'dropped-note', HTMLElement);
  const announcement = partOf(root, 'announcement', HTMLElement);
  const follower = createEndFollower(scroller, partOf(root, 'jump-to-newest', HTMLButtonElement));
  const focus = createRovingFocus(list);
  const texts = new WeakMap<HTMLElement, string>();
  const filter = createMessageFilter(root, (item) => texts.get(item));
  let waiting: HTMLLIElement[] = [];
  let droppedCount = 0;
  let isFlushPlanned = false;

  function flush(): void {
    isFlushPlanned = false;
    if (waiting.length === 0) return;
    const items = waiting;
    waiting = [];
    scroller.ariaLive = items.length > READ_OUT_MAX ? 'off' : 'polite';
    filter.apply(items);
    follower.whileAdding(items.length, () => {
      root.dataset['empty'] = 'false';
      list.append(...items);
      while (list.childElementCount > ITEMS_MAX) drop(list.firstElementChild);
    });
    focus.noteAdded(items);
    filter.update();
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

  partOf(root, 'clear', HTMLButtonElement).addEventListener('click', () => {
    waiting = [];
    list.replaceChildren();
    droppedCount = 0;
    dropped.hidden = true;
    follower.reset();
    filter.update();
    root.dataset['empty'] = 'true';
    scroller.focus({ preventScroll: true });
  });

  return {
    add: (message) => {
      const item = messageElement(message);
      texts.set(item, `${item.dataset['group'] ?? ''}\n${message.data}`);
      add(item);
    },
    addNotice: (text) => {
      const notice = noticeElement(text);
      const last = waiting.at(-1) ?? list.lastElementChild;
      if (last?.isEqualNode(notice) !== true) add(notice);
    },
    isEmpty: () => list.childElementCount + waiting.length === 0,
  };
}
