import type { Message } from '@postline/client';
import { groupNameOf } from '../page/group-id.ts';
import { partOf } from '../page/page-element.ts';

export interface MessageFilter {
  /** Hides the items that do not contain what the user typed. */
  apply(items: Iterable<HTMLElement>): void;
  /** The items have changed. */
  update(): void;
}

/** Shows only the loaded messages that contain what the user typed: in their text or the name of their group. */
export function createMessageFilter(
  root: HTMLElement,
  messageOf: (item: Element) => Message | undefined,
): MessageFilter {
  const field = partOf(root, 'filter', HTMLInputElement);
  const list = partOf(root, 'message-list', HTMLOListElement);
  const note = partOf(root, 'filter-note', HTMLElement);
  let wanted = '';

  /** Notices stand between two messages, and mean nothing if one of them is hidden. */
  function apply(items: Iterable<HTMLElement>): void {
    for (const item of items) item.hidden = wanted !== '' && !contains(messageOf(item), wanted);
  }

  function update(): void {
    note.hidden = wanted === '';
    if (wanted === '') return;
    const total = list.querySelectorAll('.message').length;
    const shown = list.querySelectorAll('.message:not([hidden])').length;
    note.textContent = `${shown} of ${total === 1 ? 'one message' : `${total} messages`} on this page ${shown === 1 ? 'contains' : 'contain'} “${field.value}”.`;
  }

  field.addEventListener('input', () => {
    wanted = field.value.toLowerCase();
    apply(list.querySelectorAll<HTMLElement>(':scope > li'));
    update();
  });
  return { apply, update };
}

function contains(message: Message | undefined, wanted: string): boolean {
  if (message === undefined) return false;
  const { data, targetId } = message;
  return (
    data.toLowerCase().includes(wanted) || groupNameOf(targetId)?.toLowerCase().includes(wanted) === true
  );
}
