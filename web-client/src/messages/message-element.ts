import type { Message } from '@postline/client';
import { copyFrom } from '../page/copy-block.ts';
import { groupNameOf } from '../page/group-id.ts';
import { buttonElement, textElement } from '../page/page-element.ts';
import { localTime } from '../page/time-words.ts';
import { textElements } from './folded-text.ts';
import { jsonTree, readJson } from './json-tree.ts';

/** How a message came to the page: at its time, after an absence of the page, or from the log. */
export type Origin = 'live' | 'missed' | 'earlier';

/**
 * One message as an item of the list: its offset as a postmark on the line, its content, time and actions. `frame` is the
 * text of the frame that brought it; undefined if it came with others, in a `history` frame.
 */
export function messageElement(message: Message, origin: Origin, frame?: string): HTMLLIElement {
  const item = textElement('li', 'message');
  item.dataset['origin'] = origin;
  item.dataset['offset'] = String(message.offset);
  const groupName = groupNameOf(message.targetId);
  if (groupName !== undefined) item.dataset['group'] = groupName;

  const postmark = textElement('span', 'postmark', String(message.offset));
  postmark.title = `Offset ${message.offset} in the log of ${message.targetId} (message id ${message.id})`;
  postmark.prepend(textElement('span', 'visually-hidden', 'Offset '));

  const json = readJson(message.data);
  const content = json === undefined ? textElements(message.data) : [jsonTree(json)];
  const body = textElement('div', 'message-body');
  const meta = metaElement(message, origin);
  const actions = textElement('span', 'message-actions');
  actions.append(copyButton(message, body), frameButton(message, body, frame));
  meta.append(actions);
  body.append(...content, meta);
  item.append(postmark, body);
  return item;
}

function metaElement(message: Message, origin: Origin): HTMLElement {
  const meta = textElement('div', 'message-meta');
  const groupName = groupNameOf(message.targetId);
  if (groupName !== undefined) {
    const group = textElement('span', 'message-group', groupName);
    group.prepend(textElement('span', 'visually-hidden', 'To the group '));
    meta.append(group);
  }
  const time = textElement('time', 'message-time', localTime(message.createdAt, new Date()));
  time.dateTime = message.createdAt;
  time.title = message.createdAt;
  meta.append(time, textElement('span', 'message-origin', origin));
  return meta;
}

function copyButton({ data, offset }: Message, body: HTMLElement): HTMLButtonElement {
  const copy = buttonElement('message-action', 'Copy', () => {
    copyFrom(copy, body.firstElementChild as HTMLElement, data);
  });
  copy.ariaLabel = `Copy message ${offset}`;
  return copy;
}

/** A button that shows the message as it was on the wire. */
function frameButton(message: Message, body: HTMLElement, text: string | undefined): HTMLButtonElement {
  let frame: HTMLElement | undefined;
  const toggle = buttonElement('message-action', 'Frame', () => {
    if (frame === undefined) body.append((frame = frameElement(message, text)));
    else frame.hidden = !frame.hidden;
    toggle.ariaExpanded = String(!frame.hidden);
  });
  toggle.ariaExpanded = 'false';
  toggle.ariaLabel = `Frame of message ${message.offset}`;
  return toggle;
}

function frameElement({ id, targetId, offset, data, createdAt }: Message, text?: string): HTMLElement {
  const entry = { id, targetId, offset, data, createdAt };
  const element = textElement('pre', 'message-frame', text ?? JSON.stringify(entry));
  element.tabIndex = 0;
  element.role = 'group';
  element.ariaLabel =
    text === undefined
      ? `Message ${offset} as an entry of a history frame`
      : `Frame of message ${offset}, as the relay sent it`;
  return element;
}

/** An event of the stream itself, shown between the messages. */
export function noticeElement(text: string): HTMLLIElement {
  const item = textElement('li', 'stream-notice');
  item.append(textElement('span', '', text));
  return item;
}
