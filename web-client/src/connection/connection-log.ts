import type { ConnectionState } from './connection-state.ts';
import { localTime } from '../page/time-words.ts';
import { partOf, textElement } from '../page/page-element.ts';

/** Enough to look back on an hour of trouble; a relay that is away for a night must not fill the page. */
const ENTRIES_MAX = 100;

/** The log of one client's connection, newest first. Attempts in a row are one entry with their number. */
export function createConnectionLog(root: HTMLElement): (state: ConnectionState) => void {
  const list = partOf(root, 'connection-log', HTMLOListElement);
  let last: ConnectionState['state'] = 'idle';
  let newestWords: HTMLElement | undefined;
  let attempts = 0;

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
  }

  return (state) => {
    const isRetrying = last === 'waiting';
    if (state.state === last && state.state === 'idle') return;
    if (state.state === 'connecting' && isRetrying) return;
    last = state.state;
    attempts = isRetrying ? attempts + 1 : 0;
    const words = historyWords(state, attempts);
    if (isRetrying && state.state === 'waiting' && newestWords !== undefined) newestWords.textContent = words;
    else add(words, state.state);
  };
}

function historyWords(state: ConnectionState, attempts: number): string {
  switch (state.state) {
    case 'idle':
      return 'Disconnected';
    case 'connecting':
      return `Connecting as ${state.clientId}`;
    case 'catching-up':
      return state.missed === 1
        ? 'Connected; receiving one message from the log'
        : `Connected; receiving ${state.missed} messages from the log`;
    case 'live':
      return `Live as ${state.clientId}`;
    case 'waiting':
      return attempts === 0
        ? `Connection lost. ${state.reason}`
        : `Connection lost; ${attempts === 1 ? 'one attempt' : `${attempts} attempts`} to reconnect failed. ${state.reason}`;
    case 'stopped':
      return `Connection ended. ${state.reason}`;
  }
}
