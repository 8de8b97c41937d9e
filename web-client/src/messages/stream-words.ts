import type { Truncation } from '@postline/client';
import type { StreamStart } from '../connection/page-client.ts';
import type { ConnectionState } from '../connection/connection-state.ts';
import { pageElement } from '../page/page-element.ts';

/** What is to be told in the list when a stream starts; undefined where it just goes on. */
export function startWords({ missed, resumedAfter }: StreamStart, isListEmpty: boolean): string | undefined {
  if (resumedAfter === undefined) return undefined;
  if (missed === 0) return isListEmpty ? undefined : 'Connected again. Nothing was missed.';
  const came = missed === 1 ? 'One message came' : `${missed.toLocaleString()} messages came`;
  return isListEmpty ? `${came} while this page was away:` : `Connected again. ${came} meanwhile:`;
}

/** The heading of an empty list. */
export function emptyWords({ missed, resumedAfter = 0 }: StreamStart): string {
  return missed === 0 && resumedAfter > 0
    ? `Nothing was missed since message ${resumedAfter}`
    : 'Waiting for the first message';
}

export const RESTARTED_WORDS = 'The log was restarted: what follows may have been shown before.';

/** The one case in which a message is missing for good. */
export function truncatedWords({ from, to }: Truncation): string {
  return from === to
    ? `Message ${from} was deleted by the retention rule before it could be shown.`
    : `Messages ${from} to ${to} were deleted by the retention rule before they could be shown.`;
}

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
