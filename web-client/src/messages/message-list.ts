import type { Message } from '@postline/client';
import { partOf } from '../page/page-element.ts';
import { createEndFollower } from './end-follower.ts';
import { messageElement, noticeElement, type Origin } from './message-element.ts';
import { createMessageFilter } from './message-filter.ts';
import { createListBound } from './list-bound.ts';
import { createRovingFocus } from './roving-focus.ts';

/** A screen reader reads up to this many new messages one by one, and only the number of more. */
const READ_OUT_MAX = 5;

/** A hidden tab draws no frames, so its list is updated by a timer. */
const HIDDEN_FLUSH_MS = 250;

export interface MessageList {
  /** `frame`: the text of the frame that brought it. */
  add(message: Message, origin: Origin, frame: string | undefined): void;
  /** Adds earlier messages, oldest first, at the beginning. A reader stays at what they read. */
  addEarlier(messages: readonly Message[]): void;
  /** The oldest message of each target that is in the list and in the same log as the newest one. */
  oldest(): ReadonlyMap<string, Message>;
  /** Whether earlier messages have room. */
  hasRoom(): boolean;
  /** Adds a notice between the messages, unless the last item is the same notice. The result removes it again. */
  addNotice(text: string): () => void;
  isEmpty(): boolean;
}

export interface MessageListParts {
  readonly root: HTMLElement;
  /** Messages left the beginning of the list, or all of it. */
  readonly onDropped: () => void;
}

/** The list of messages. Items that arrive together are added together, so a long backlog costs one layout. */
export function createMessageList({ root, onDropped }: MessageListParts): MessageList {
  const scroller = partOf(root, 'log', HTMLElement);
  const list = partOf(root, 'message-list', HTMLOListElement);
  const announcement = partOf(root, 'announcement', HTMLElement);
  const follower = createEndFollower(scroller, partOf(root, 'jump-to-newest', HTMLButtonElement));
  const bound = createListBound(root, onDropped);
  const focus = createRovingFocus(list);
  const messages = new WeakMap<Element, Message>();
  const filter = createMessageFilter(root, (item) => messages.get(item));
  const batch = createBatch(addBatch);

  function addBatch(items: readonly HTMLLIElement[]): void {
    scroller.ariaLive = items.length > READ_OUT_MAX ? 'off' : 'polite';
    filter.apply(items);
    follower.whileAdding(items.length, () => {
      root.dataset['empty'] = 'false';
      list.append(...items);
      while (bound.isExceededBy(list.childElementCount)) bound.drop(list.firstElementChild);
    });
    focus.noteAdded(items);
    filter.update();
    if (items.length > READ_OUT_MAX) announcement.textContent = `${items.length} messages arrived.`;
  }

  function add(item: HTMLLIElement): void {
    batch.items.push(item);
    if (bound.isExceededBy(batch.items.length)) bound.drop(batch.items.shift());
    batch.plan();
  }

  function itemFor(message: Message, origin: Origin, frame?: string): HTMLLIElement {
    const item = messageElement(message, origin, frame);
    messages.set(item, message);
    return item;
  }

  partOf(root, 'clear', HTMLButtonElement).addEventListener('click', () => {
    batch.items.length = 0;
    list.replaceChildren();
    bound.reset();
    follower.reset();
    filter.update();
    root.dataset['empty'] = 'true';
    scroller.focus({ preventScroll: true });
  });

  return {
    add: (message, origin, frame) => add(itemFor(message, origin, frame)),
    addEarlier: (earlier) => {
      const items = earlier.map((message) => itemFor(message, 'earlier'));
      filter.apply(items);
      const fromEnd = scroller.scrollHeight - scroller.scrollTop;
      root.dataset['empty'] = 'false';
      list.prepend(...items);
      scroller.scrollTop = scroller.scrollHeight - fromEnd;
      focus.noteAdded(items);
      filter.update();
      bound.widen(list.childElementCount);
    },
    oldest: () => oldestOf([...list.children, ...batch.items].flatMap((item) => messages.get(item) ?? [])),
    hasRoom: () => bound.hasRoom(list.childElementCount),
    addNotice: (text) => {
      const notice = noticeElement(text);
      const last = batch.items.at(-1) ?? list.lastElementChild;
      if (last?.isEqualNode(notice) === true) return () => undefined;
      add(notice);
      return () => {
        batch.remove(notice);
        if (list.childElementCount === 0) root.dataset['empty'] = 'true';
      };
    },
    isEmpty: () => list.childElementCount + batch.items.length === 0,
  };
}

/** Items that wait to be shown together, with the next frame. */
function createBatch(show: (items: readonly HTMLLIElement[]) => void) {
  const items: HTMLLIElement[] = [];
  let isPlanned = false;
  const flush = () => {
    isPlanned = false;
    if (items.length > 0) show(items.splice(0));
  };
  return {
    items,
    /** Also an item that is shown already. */
    remove: (item: HTMLLIElement) => {
      const waiting = items.indexOf(item);
      if (waiting >= 0) items.splice(waiting, 1);
      item.remove();
    },
    plan: () => {
      if (isPlanned) return;
      isPlanned = true;
      if (document.hidden) setTimeout(flush, HIDDEN_FLUSH_MS);
      else requestAnimationFrame(flush);
    },
  };
}

/** The oldest message of each target, of those in the same lifetime of the logs as the newest one. */
export function oldestOf(messages: readonly Message[]): ReadonlyMap<string, Message> {
  const epoch = messages.at(-1)?.epoch;
  const found = new Map<string, Message>();
  for (const message of messages) {
    if (message.epoch === epoch && !found.has(message.targetId)) found.set(message.targetId, message);
  }
  return found;
}
