import { activeClientId, type ConnectionState } from './connection-state.ts';
import { type PageIcon, partOf, showIcon, textElement } from '../page/page-element.ts';

const ICONS: Readonly<Record<ConnectionState['state'], PageIcon>> = {
  idle: 'idle',
  connecting: 'connecting',
  'catching-up': 'connecting',
  live: 'live',
  waiting: 'waiting',
  stopped: 'stopped',
};

const STATUS_WORDS: Readonly<Record<ConnectionState['state'], string>> = {
  idle: 'Not connected',
  connecting: 'Connecting',
  'catching-up': 'Catching up',
  live: 'Connected',
  waiting: 'Connection lost',
  stopped: 'Connection ended',
};

/** Shows the connection's state in colour, shape and words. A screen reader reads the words when they change. */
export function createStatusView(root: HTMLElement): (state: ConnectionState) => void {
  const status = partOf(root, 'status', HTMLElement);
  const icon = partOf(root, 'status-icon', SVGUseElement);
  const text = partOf(root, 'status-text', HTMLElement);

  return (state) => {
    // Between two attempts the words stay the same, so that they are not read out for each.
    if (state.state === 'connecting' && status.dataset['state'] === 'waiting') return;
    status.dataset['state'] = state.state;
    showIcon(icon, ICONS[state.state]);
    const words = STATUS_WORDS[state.state];
    // Heard out of context, the words need the client; on the screen its name stands beside them.
    const client = state.state === 'waiting' ? undefined : activeClientId(state);
    const suffix = client === undefined ? '' : ` as ${client}`;
    if (text.textContent === words + suffix) return;
    text.replaceChildren(words, textElement('span', 'visually-hidden', suffix));
  };
}
