import type { ConnectionState } from './connection-state.ts';
import { localTime } from '../page/time-words.ts';
import { pageElement, textElement } from '../page/page-element.ts';

/** Enough to see what happened; a relay that is away for a night must not fill the page. */
const ENTRIES_MAX = 20;

/** What the connection has been through, the newest first. Tries in a row are one entry that counts them. */
export function createConnectionHistory(): (state: ConnectionState) => void {
  const list = pageElement('connection-history', HTMLOListElement);
  const empty = pageElement('connection-history-empty', HTMLElement);
  let last: ConnectionState['state'] = 'idle';
  let newestWords: HTMLElement | undefined;
  let tries = 0;

  function add(words: string, state: ConnectionState['state']): void {
    const now = new Date();
    const entry = textElement('li', 'history-entry');
    entry.dataset['state'] = state;
    const time = textElement('time', 'history-time', localTime(now.toISOString(), now));
    time.dateTime = now.toISOString();
    newestWords = textElement('span', 'history-words', words);
    entry.append(time, newestWords);
    list.prepend(entry);
    if (list.childElementCount > ENTRIES_MAX) list.lastElementChild?.remove();
    empty.hidden = true;
  }

  return (state) => {
    const isRetrying = last === 'waiting';
    if (state.state === last && state.state === 'idle') return;
    if (state.state === 'connecting' && isRetrying) return;
    last = state.state;
    tries = isRetrying ? tries + 1 : 0;
    const words = historyWords(state, tries);
    if (isRetrying && state.state === 'waiting' && newestWords !== undefined) newestWords.textContent = words;
    else add(words, state.state);
  };
}

function historyWords(state: ConnectionState, tries: number): string {
  switch (state.state) {
    case 'idle':
      return 'Disconnected';
    case 'connecting':
      return `Connecting as ${state.clientId}`;
    case 'catching-up':
      return state.missed === 1
        ? 'Connected; one message was missed'
        : `Connected; ${state.missed} messages were missed`;
    case 'live':
      return `Live as ${state.clientId}`;
    case 'waiting':
      return tries === 0
        ? `Lost. ${state.reason}`
        : `Lost, and not back after ${tries === 1 ? 'one try' : `${tries} tries`}. ${state.reason}`;
    case 'stopped':
      return `Ended. ${state.reason}`;
  }
}
