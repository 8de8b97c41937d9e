import { createConnectionLog } from './connection/connection-log.ts';
import { type ConnectionState } from './connection/connection-state.ts';
import { errorWords } from './connection/error-words.ts';
import {
  createPageClient,
  MESSAGES_AT_ONCE,
  type PageClient,
  type PageClientListener,
  type PageClientParts,
} from './connection/page-client.ts';
import { createStatusView } from './connection/status-view.ts';
import { createTroubleView } from './connection/trouble-view.ts';
import type { GroupMembers } from './groups/group-members.ts';
import { createGroupsView } from './groups/groups-view.ts';
import { createEarlierMessages, type EarlierMessages } from './messages/earlier-messages.ts';
import { createMessageList, type MessageList } from './messages/message-list.ts';
import {
  createStreamTail,
  emptyWords,
  followedWords,
  RESTARTED_WORDS,
  startWords,
  truncatedWords,
  unfollowedWords,
} from './messages/stream-words.ts';
import { createCopyBlock } from './page/copy-block.ts';
import { pageElement, partOf } from './page/page-element.ts';
import { addressForClientIds } from './page/page-address.ts';
import { createTabList } from './page/tab-list.ts';

export interface ClientPaneParts extends PageClientParts {
  readonly members: GroupMembers;
  /** A command that sends a message to a target. */
  readonly commandFor: (targetId: string) => string;
  readonly onWrite: (targetId: string) => void;
  /** A message arrived, by its id. */
  readonly onMessage: (id: string) => void;
  /** The connection's state or the followed targets have changed. */
  readonly onChange: () => void;
  /** The relay requires a token, or another one. */
  readonly onUnauthorized: () => void;
}

/** One client on the page: its connection, messages and groups. */
export interface ClientPane extends PageClient {
  readonly clientId: string;
  readonly root: HTMLElement;
  /** What the client follows. */
  readonly targets: () => readonly string[];
}

const MESSAGES_TAB = 0;
const CLOSED_UNAUTHORIZED = 4501;
let panesMade = 0;

export function createClientPane(parts: ClientPaneParts): ClientPane {
  const { clientId } = parts;
  const root = paneElement(clientId);
  let targets: readonly string[] = [];
  let withdrawComplaint = (): void => undefined;
  const list = createMessageList({ root, onDropped: () => earlier.show(true) });
  const earlier = createEarlierMessages({
    root,
    list,
    targets: () => targets,
    history: (query) => client.history(query),
  });
  const groups = createGroupsView({ ...parts, root });
  const stateViews = [
    createStatusView(root),
    createTroubleView(root, () => client.wake()),
    createConnectionLog(root),
    createStreamTail(root),
    groups.showState,
  ];
  const client = createPageClient(parts, {
    onState: showState,
    onTargets: (targetIds) => {
      targets = targetIds;
      groups.showTargets(targetIds);
      parts.onChange();
    },
    ...showStream({ root, list, earlier, parts }),
    onError: (error) => {
      if (error.closeCode === CLOSED_UNAUTHORIZED) parts.onUnauthorized();
      // Other errors are shown with the state.
      if (error.code === 'relay_error') withdrawComplaint = list.addNotice(errorWords(error));
    },
  });

  function showState(state: ConnectionState): void {
    root.dataset['state'] = state.state;
    // The reason says what the relay complained about.
    if ('relayCode' in state && state.relayCode !== undefined) withdrawComplaint();
    for (const show of stateViews) show(state);
    parts.onChange();
  }

  const tools = partOf(root, 'list-tools', HTMLElement);
  createTabList({
    root,
    idPrefix: root.id,
    onSelect: (index) => {
      tools.hidden = index !== MESSAGES_TAB;
    },
  });
  showHints(root, parts);

  return { ...client, clientId, root, targets: () => targets };
}

function paneElement(clientId: string): HTMLElement {
  const { content } = pageElement('pane-template', HTMLTemplateElement);
  const root = document.importNode(content, true).firstElementChild;
  if (!(root instanceof HTMLElement)) throw new Error('index.html has an empty pane');
  panesMade += 1;
  root.id = `pane-${panesMade}`;
  const heading = partOf(root, 'heading', HTMLElement);
  heading.id = `${root.id}-heading`;
  heading.textContent = `Client ${clientId}`;
  root.setAttribute('aria-labelledby', heading.id);
  partOf(root, 'log', HTMLElement).ariaLabel = `Messages for client ${clientId}`;
  const tabs = root.querySelector('[role="tablist"]');
  if (tabs !== null) tabs.ariaLabel = `Client ${clientId}`;
  return root;
}

/** What to do while there is no message: a command to copy, and a second client. */
function showHints(root: HTMLElement, { clientId, commandFor }: ClientPaneParts): void {
  createCopyBlock(partOf(root, 'command', HTMLElement)).show(commandFor(clientId));
  const beside = partOf(root, 'beside', HTMLAnchorElement);
  const otherId = clientId === '2' ? '1' : '2';
  beside.href = addressForClientIds(location.href, [clientId, otherId]);
  beside.textContent = `client ${otherId} beside this one`;
}

interface StreamViews {
  readonly root: HTMLElement;
  readonly list: MessageList;
  readonly earlier: EarlierMessages;
  readonly parts: ClientPaneParts;
}

/** Passes the events of the stream to the list. What a first connection begins with was not missed by anybody here. */
function showStream({
  root,
  list,
  earlier,
  parts,
}: StreamViews): Omit<PageClientListener, 'onState' | 'onTargets' | 'onError'> {
  let isFirstStream = false;
  return {
    onStreamStart: (start) => {
      const { missed, resumedAfter } = start;
      isFirstStream = resumedAfter === undefined;
      if (list.isEmpty()) earlier.show(isFirstStream ? missed >= MESSAGES_AT_ONCE : resumedAfter !== 0);
      partOf(root, 'empty-title', HTMLElement).textContent = emptyWords(start);
      const words = startWords(start, list.isEmpty());
      if (words !== undefined) list.addNotice(words);
    },
    onMessage: (message, frame) => {
      parts.onMessage(message.id);
      const origin = message.missed ? (isFirstStream ? 'earlier' : 'missed') : 'live';
      list.add(message, origin, frame);
    },
    onTruncated: (truncation) => void list.addNotice(truncatedWords(truncation)),
    onFollowed: (followed) => void list.addNotice(followedWords(followed)),
    onUnfollowed: (unfollowed) => void list.addNotice(unfollowedWords(unfollowed)),
    onRestarted: () => void list.addNotice(RESTARTED_WORDS),
  };
}
