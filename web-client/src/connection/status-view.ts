import type { ConnectionState } from './connection-state.ts';
import { pageElement, type PageIcon, showIcon } from '../page/page-element.ts';

const ICONS: Readonly<Record<ConnectionState['state'], PageIcon>> = {
  idle: 'idle',
  connecting: 'connecting',
  'catching-up': 'connecting',
  live: 'live',
  waiting: 'waiting',
  stopped: 'stopped',
};

/** Shows the connection's state in colour, shape and words. A screen reader reads the words when they change. */
export function createStatusView(): (state: ConnectionState) => void {
  const status = pageElement('status', HTMLElement);
  const icon = pageElement('status-icon', SVGUseElement);
  const text = pageElement('status-text', HTMLElement);

  return (state) => {
    // Between two attempts the words stay the same, so that they are not read out for each.
    if (state.state === 'connecting' && status.dataset['state'] === 'waiting') return;
    status.dataset['state'] = state.state;
    showIcon(icon, ICONS[state.state]);
    const words = statusWords(state);
    if (text.textContent !== words) text.textContent = words;
  };
}

function statusWords(state: ConnectionState): string {
  switch (state.state) {
    case 'idle':
      return 'Not connected';
    case 'connecting':
      return `Connecting as ${state.clientId}…`;
    case 'catching-up':
      return `Catching up as ${state.clientId}…`;
    case 'live':
      return `Connected as ${state.clientId}`;
    case 'waiting':
      return 'Connection lost';
    case 'stopped':
      return 'Connection ended';
  }
}
