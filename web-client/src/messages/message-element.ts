import type { Message } from '@postline/client';
import { localTime } from '../page/time-words.ts';
import { groupNameOf } from '../page/group-id.ts';
import { textElement } from '../page/page-element.ts';

/** One message as an item of the list: its offset as a postmark on the line, its text, its time and how it arrived. */
export function messageElement(message: Message): HTMLLIElement {
  const origin = message.missed ? 'missed' : 'live';
  const item = textElement('li', 'message');
  item.dataset['origin'] = origin;
  item.dataset['offset'] = String(message.offset);

  const postmark = textElement('span', 'postmark', String(message.offset));
  postmark.title = `Offset ${message.offset} in the log of ${message.targetId} (message id ${message.id})`;
  postmark.prepend(textElement('span', 'visually-hidden', 'Offset '));

  const text = textElement('p', 'message-text', message.data);
  text.dir = 'auto';

  const time = textElement('time', 'message-time', localTime(message.createdAt, new Date()));
  time.dateTime = message.createdAt;
  time.title = message.createdAt;

  const meta = textElement('p', 'message-meta');
  const groupName = groupNameOf(message.targetId);
  if (groupName !== undefined) {
    item.dataset['group'] = groupName;
    const group = textElement('span', 'message-group', groupName);
    group.prepend(textElement('span', 'visually-hidden', 'To the group '));
    meta.append(group);
  }
  meta.append(time, textElement('span', 'message-origin', origin));

  const body = textElement('div', 'message-body');
  body.append(text, meta);
  item.append(postmark, body);
  return item;
}

/** An event of the stream itself, shown between the messages. */
export function noticeElement(text: string): HTMLLIElement {
  const item = textElement('li', 'stream-notice');
  item.append(textElement('span', '', text));
  return item;
}
