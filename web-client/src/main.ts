/** Puts the page together: the addresses, the connection, and the parts of index.html that use them. */
import { Arrivals } from './sending/arrivals.ts';
import { createClientExamples } from './sending/client-examples.ts';
import { createConnectForm } from './connection/connect-form.ts';
import { createConnectionHistory } from './connection/connection-history.ts';
import type { ConnectionState } from './connection/connection-state.ts';
import { errorWords } from './connection/error-words.ts';
import { messageElement } from './messages/message-element.ts';
import { createGroupMembers } from './groups/group-members.ts';
import { createGroupsView } from './groups/groups-view.ts';
import { createMessageList, type MessageList } from './messages/message-list.ts';
import { addressForClientId, clientIdInAddress, resolveAddresses } from './page/page-address.ts';
import { createPageClient, type PageClientListener } from './connection/page-client.ts';
import { pageElement } from './page/page-element.ts';
import { createPageTitle, type PageTitle } from './page/page-title.ts';
import { createPublishForm } from './sending/publish-form.ts';
import { createStatusView } from './connection/status-view.ts';
import {
  createStreamTail,
  emptyWords,
  followedWords,
  RESTARTED_WORDS,
  startWords,
  truncatedWords,
  unfollowedWords,
} from './messages/stream-words.ts';
import { createTroubleView } from './connection/trouble-view.ts';

/** Filled into the forms on a first visit. */
const CLIENT_ID_FIRST = '1';

function metaContent(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';
}

function main(): void {
  const { apiUrl, relayUrl } = resolveAddresses(location.href, metaContent('postline-api-url'));
  const inbox = pageElement('inbox', HTMLElement);
  const title = createPageTitle();
  const list = createMessageList((isEmpty) => {
    inbox.dataset['empty'] = String(isEmpty);
  });
  const examples = createClientExamples(apiUrl);
  const arrivals = new Arrivals();
  let shownId: string | undefined;
  let targets: readonly string[] = [];
  const publishForm = createPublishForm({
    apiUrl,
    arrivals,
    isFollowed: (targetId) => targets.includes(targetId),
  });
  const groups = createGroupsView({
    members: createGroupMembers(apiUrl),
    onWrite: (targetId) => publishForm.writeTo(targetId),
  });

  const client = createPageClient(relayUrl, {
    onState: showState,
    onTargets: (targetIds) => {
      targets = targetIds;
      groups.showTargets(targetIds);
    },
    ...showStream({ list, title, arrivals }),
  });
  const stateViews = [
    createStatusView(),
    createTroubleView(() => client.wake()),
    createConnectionHistory(),
    createStreamTail(),
  ];
  const connectForm = createConnectForm({
    onConnect: (id) => {
      showClient(id);
      client.connect(id);
    },
    onDisconnect: () => {
      client.disconnect();
      rememberInAddress(undefined);
    },
  });

  function showState(state: ConnectionState): void {
    inbox.dataset['state'] = state.state;
    for (const show of stateViews) show(state);
    connectForm.show(state);
    groups.showState(state);
  }

  function showClient(id: string): void {
    rememberInAddress(id);
    if (id !== shownId) list.clear();
    shownId = id;
    title.showClient(id);
    pageElement('inbox-client', HTMLElement).textContent = `client ${id}`;
    publishForm.suggestTarget(id);
    examples.show(id);
  }

  pageElement('open-notice', HTMLElement).hidden = metaContent('postline-auth') !== 'open';
  pageElement('starting', HTMLElement).hidden = true;
  list.clear();
  showState({ state: 'idle' });
  publishForm.suggestTarget(CLIENT_ID_FIRST);
  examples.show(CLIENT_ID_FIRST);

  const asked = clientIdInAddress(location.href);
  if (asked !== undefined) connectForm.submit(asked);
}

interface StreamViews {
  readonly list: MessageList;
  readonly title: PageTitle;
  readonly arrivals: Arrivals;
}

/** Passes the events of the stream to the list, the title and the sender's journey. */
function showStream({
  list,
  title,
  arrivals,
}: StreamViews): Omit<PageClientListener, 'onState' | 'onTargets'> {
  return {
    onStreamStart: (start) => {
      pageElement('empty-title', HTMLElement).textContent = emptyWords(start);
      const words = startWords(start, list.isEmpty());
      if (words !== undefined) list.addNotice(words);
    },
    onMessage: (message) => {
      arrivals.note(message.id, performance.now());
      list.add(messageElement(message));
      title.countMessage();
    },
    onTruncated: (truncation) => list.addNotice(truncatedWords(truncation)),
    onFollowed: (followed) => list.addNotice(followedWords(followed)),
    onUnfollowed: (unfollowed) => list.addNotice(unfollowedWords(unfollowed)),
    onRestarted: () => list.addNotice(RESTARTED_WORDS),
    onError: (error) => {
      // Other errors are shown with the state.
      if (error.code === 'relay_error') list.addNotice(errorWords(error));
    },
  };
}

/** Makes a reload connect again, if the browser allows it. */
function rememberInAddress(id: string | undefined): void {
  try {
    history.replaceState(null, '', addressForClientId(location.href, id));
  } catch {
    // Some browsers refuse this for a page from disk, or if it happens too often.
  }
}

main();
