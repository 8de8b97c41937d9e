import type { ConnectionState } from '../connection/connection-state.ts';
import { pageElement } from '../page/page-element.ts';

/** The open end of the line of messages: what is to be expected next. */
export function createStreamTail(): (state: ConnectionState) => void {
  const words = pageElement('stream-tail', HTMLElement);
  return (state) => {
    words.textContent = tailWords(state);
  };
}

function tailWords(state: ConnectionState): string {
  switch (state.state) {
    case 'idle':
    case 'stopped':
      return 'Not connected; nothing arrives here until you connect.';
    case 'connecting':
    case 'waiting':
      return 'No connection; what is sent now arrives when it is back.';
    case 'catching-up':
      return 'Catching up…';
    case 'live':
      return 'Live: the next message arrives here.';
  }
}
