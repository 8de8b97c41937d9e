import type { Followed, Truncation, Unfollowed } from '@postline/client';
import type { StreamStart } from '../connection/page-client.ts';
import type { ConnectionState } from '../connection/connection-state.ts';
import { groupNameOf } from '../page/group-id.ts';
import { partOf } from '../page/page-element.ts';

/** The notice in the list when a stream starts; undefined if nothing is worth saying. */
export function startWords({ missed, resumedAfter }: StreamStart, isListEmpty: boolean): string | undefined {
  if (resumedAfter === undefined) return undefined;
  if (missed === 0) return isListEmpty ? undefined : 'Connected again. Nothing was missed.';
  const arrived = missed === 1 ? 'One message arrived' : `${missed.toLocaleString()} messages arrived`;
  return isListEmpty
    ? `${arrived} while this page was away:`
    : `Connected again. ${arrived} in the meantime:`;
}

/** The heading of an empty list. */
export function emptyWords({ missed, resumedAfter = 0 }: StreamStart): string {
  return missed === 0 && resumedAfter > 0
    ? `Nothing was missed since message ${resumedAfter}`
    : 'Waiting for the first message';
}

export const RESTARTED_WORDS = 'The log was restarted: the following messages may have been shown before.';

export function followedWords({ targetId, cause }: Followed): string {
  const group = groupNameOf(targetId) ?? targetId;
  return cause === 'joined'
    ? `Joined ${group}. Its messages appear here.`
    : `Messages of ${group} appear here now.`;
}

const UNFOLLOWED_REASONS: Readonly<Record<Unfollowed['cause'], string>> = {
  left: 'This client is not a member any more',
  token: 'The token of this client does not allow it any more',
  unfollowed: 'This page stopped following it',
};

export function unfollowedWords({ targetId, cause }: Unfollowed): string {
  return `Left ${groupNameOf(targetId) ?? targetId}. ${UNFOLLOWED_REASONS[cause]}.`;
}

/** The only case in which messages are lost for this reader. */
export function truncatedWords({ targetId, from, to, reason }: Truncation): string {
  const group = groupNameOf(targetId);
  const messages = `${from === to ? `Message ${from}` : `Messages ${from} to ${to}`}${group === undefined ? '' : ` of ${group}`}`;
  const verb = from === to ? 'was' : 'were';
  if (reason === 'membership') return `${messages} ${verb} sent while this client was not a member.`;
  return `${messages} ${verb} deleted by the retention rule before ${from === to ? 'it' : 'they'} could be shown.`;
}

/** The words at the end of the list: what happens next. */
export function createStreamTail(root: HTMLElement): (state: ConnectionState) => void {
  const words = partOf(root, 'stream-tail', HTMLElement);
  return (state) => {
    words.textContent = tailWords(state);
  };
}

function tailWords(state: ConnectionState): string {
  switch (state.state) {
    case 'idle':
    case 'stopped':
      return 'Not connected. Connect to receive messages.';
    case 'connecting':
    case 'waiting':
      return 'No connection. Messages that are sent now arrive when it is back.';
    case 'catching-up':
      return 'Catching up…';
    case 'live':
      return 'Live: the next message arrives here.';
  }
}
