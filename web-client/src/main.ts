/** Puts the page together: the addresses, the connection, and the parts of index.html that show and use them. */
import { createClientExamples } from './client-examples.ts';
import { createConnectForm } from './connect-form.ts';
import { messageElement } from './message-element.ts';
import { createMessageList } from './message-list.ts';
import { addressForClientId, clientIdInAddress, resolveAddresses } from './page-address.ts';
import { pageElement } from './page-element.ts';
import { createPageTitle } from './page-title.ts';
import { createPublishForm } from './publish-form.ts';
import { type ConnectionState, createRelayConnection } from './relay-connection.ts';
import { createStatusView } from './status-view.ts';
import { startWords, truncatedWords } from './stream-words.ts';

/** What the forms propose on a first visit. */
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
  const publishForm = createPublishForm(apiUrl);
  let shownId: string | undefined;

  const connection = createRelayConnection(relayUrl, {
    onState: showState,
    onStreamStart: (start) => {
      for (const words of startWords(start, list.isEmpty())) list.addNotice(words);
    },
    onMessage: (message, origin) => {
      list.add(messageElement(message, origin));
      title.countMessage();
    },
    onTruncated: (from, to) => {
      list.addNotice(truncatedWords(from, to));
    },
    onRelayError: (code, message) => {
      list.addNotice(`The relay says: ${message} (${code}).`);
    },
  });
  const status = createStatusView(() => {
    connection.wake();
  });
  const connectForm = createConnectForm({
    onConnect: (id) => {
      showClient(id);
      connection.connect(id);
    },
    onDisconnect: () => {
      connection.disconnect();
      rememberInAddress(undefined);
    },
  });

  function showState(state: ConnectionState): void {
    inbox.dataset['state'] = state.state;
    status.show(state);
    connectForm.show(state);
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

  addEventListener('online', () => {
    connection.wake();
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) connection.wake();
  });

  const asked = clientIdInAddress(location.href);
  if (asked !== undefined) connectForm.submit(asked);
}

/** So that a reload connects again. An address that may not be changed is no reason to fail. */
function rememberInAddress(id: string | undefined): void {
  try {
    history.replaceState(null, '', addressForClientId(location.href, id));
  } catch {
    // Some browsers refuse this for a page opened from disk, or when it happens too often.
  }
}

main();
