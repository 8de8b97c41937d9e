import type { History, HistoryQuery, Message, PostlineError } from '@postline/client';
import { errorWords } from '../connection/error-words.ts';
import { MESSAGES_AT_ONCE } from '../connection/page-client.ts';
import { partOf } from '../page/page-element.ts';
import type { MessageList } from './message-list.ts';

/** The relay answers for one target after the other: for a client in hundreds of groups the reader would wait too long. */
const TARGETS_MAX = 20;

export interface EarlierMessages {
  /** Whether the log has earlier messages than the list, as far as the page knows. */
  show(mayHaveEarlier: boolean): void;
}

export interface EarlierMessagesParts {
  readonly root: HTMLElement;
  readonly list: Pick<MessageList, 'addEarlier' | 'oldest' | 'hasRoom'>;
  readonly targets: () => readonly string[];
  readonly history: (query: HistoryQuery) => Promise<History>;
}

/** The button at the beginning of the list, which loads earlier messages of all targets in the order of their times. */
export function createEarlierMessages({
  root,
  list,
  targets,
  history,
}: EarlierMessagesParts): EarlierMessages {
  const region = partOf(root, 'earlier', HTMLElement);
  const button = partOf(root, 'show-earlier', HTMLButtonElement);
  const note = partOf(root, 'earlier-note', HTMLElement);

  function show(mayHaveEarlier: boolean, words = ''): void {
    const hadFocus = document.activeElement === button;
    button.hidden = !mayHaveEarlier || !list.hasRoom();
    note.textContent = words;
    note.hidden = words === '';
    region.hidden = button.hidden && note.hidden;
    // The keyboard focus must not disappear with the button.
    if (hadFocus && button.hidden) partOf(root, 'log', HTMLElement).focus({ preventScroll: true });
  }

  async function load(): Promise<void> {
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    try {
      const before = list.oldest();
      const all = targets();
      const asked = all.slice(0, TARGETS_MAX);
      const answers = await Promise.all(
        asked.map((target) => pageBefore(target, before.get(target)?.offset)),
      );
      const earlier = newestOf(answers.flatMap(({ messages }) => messages).filter(isUnseen));
      if (earlier.length > 0) list.addEarlier(earlier);
      const isComplete =
        answers.every(({ messages }) => messages.length < MESSAGES_AT_ONCE) &&
        earlier.length < MESSAGES_AT_ONCE;
      show(!isComplete, isComplete ? beginningWords(answers, all.length - asked.length) : '');
    } catch (error) {
      show(true, `Earlier messages could not be loaded. ${errorWords(error as PostlineError)}`);
    } finally {
      button.removeAttribute('aria-disabled');
    }
  }

  function pageBefore(target: string, before: number | undefined): Promise<History> {
    return history({ target, limit: MESSAGES_AT_ONCE, ...(before === undefined ? {} : { before }) });
  }

  /** A message may have arrived while the page asked for the newest ones of a target without any. */
  function isUnseen({ targetId, offset }: Message): boolean {
    const oldest = list.oldest().get(targetId);
    return oldest === undefined || offset < oldest.offset;
  }

  button.addEventListener('click', () => void load());
  return { show };
}

/** The newest of the messages, oldest first. */
export function newestOf(messages: readonly Message[]): readonly Message[] {
  return [...messages]
    .sort(
      (a, b) => compare(a.createdAt, b.createdAt) || compare(a.targetId, b.targetId) || a.offset - b.offset,
    )
    .slice(-MESSAGES_AT_ONCE);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** `unasked`: targets whose earlier messages were not asked for. */
export function beginningWords(
  answers: readonly Pick<History, 'truncatedBefore'>[],
  unasked: number,
): string {
  if (answers.some(({ truncatedBefore }) => truncatedBefore !== null))
    return 'Earlier messages were deleted by the retention rule.';
  return unasked === 0
    ? 'This is the beginning.'
    : `This is the beginning, without the earlier messages of ${unasked} more groups.`;
}
