/** Puts the page together: the addresses, the clients, and the parts of index.html that use them. */
import { Credentials } from './access/credentials.ts';
import { createKeyField } from './access/key-field.ts';
import { createTokenFields } from './access/token-fields.ts';
import { createClientPanes } from './client-panes.ts';
import { createConnectForm } from './connection/connect-form.ts';
import { pageCursorStore } from './connection/page-client.ts';
import { createDelaysView } from './delays/delays-view.ts';
import { createGroupMembers } from './groups/group-members.ts';
import { createCopyBlock } from './page/copy-block.ts';
import { curlLine } from './page/curl-line.ts';
import { addressForClientIds, clientIdsInAddress, resolveAddresses } from './page/page-address.ts';
import { pageElement } from './page/page-element.ts';
import { createPageTitle } from './page/page-title.ts';
import { Arrivals } from './sending/arrivals.ts';
import { createPublishForm } from './sending/publish-form.ts';

/** Filled into the forms on a first visit. */
const CLIENT_ID_FIRST = '1';

function metaContent(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';
}

function main(): void {
  const { apiUrl, relayUrl } = resolveAddresses(location.href, metaContent('postline-api-url'));
  const auth = metaContent('postline-auth');
  const commandFor = (targetId: string) => curlLine({ apiUrl, targetId, needsKey: auth === 'required' });
  const showCommand = createCopyBlock(pageElement('terminal-command', HTMLElement)).show;
  const title = createPageTitle();
  const arrivals = new Arrivals();
  const delays = createDelaysView();
  const credentials = new Credentials();
  const revealKey = createKeyField(credentials);
  const authorization = (): Readonly<Record<string, string>> =>
    credentials.apiKey === '' ? {} : { Authorization: `Bearer ${credentials.apiKey}` };

  const publishForm = createPublishForm({
    apiUrl,
    authorization,
    arrivals,
    isFollowed: (targetId) => panes.targets().includes(targetId),
    onSent: delays.add,
    onUnauthorized: revealKey,
  });
  const panes = createClientPanes({
    relayUrl,
    cursorStore: pageCursorStore(),
    tokenOf: (clientId) => credentials.tokenOf(clientId),
    members: createGroupMembers(apiUrl, authorization),
    commandFor,
    onWrite: publishForm.writeTo,
    onMessage: (id) => {
      arrivals.note(id, performance.now());
      title.countMessage();
    },
    onChange: () => {
      publishForm.showTargets(panes.targets());
      connectForm.update();
    },
    onUnauthorized: () => {
      tokenFields.reveal();
    },
  });
  const tokenFields = createTokenFields(credentials, () => connectForm.update());
  const connectForm = createConnectForm({
    activeIds: panes.activeIds,
    isCurrent: panes.isCurrent,
    onTyped: tokenFields.showClients,
    onConnect: (ids) => {
      rememberInAddress(ids);
      title.showClients(ids);
      publishForm.suggestTarget(ids[0] ?? CLIENT_ID_FIRST);
      showCommand(commandFor(ids[0] ?? CLIENT_ID_FIRST));
      panes.connect(ids);
    },
    onDisconnect: () => {
      rememberInAddress([]);
      panes.disconnect();
    },
  });

  pageElement('open-notice', HTMLElement).hidden = auth !== 'open';
  pageElement('starting', HTMLElement).hidden = true;
  if (auth === 'required') {
    revealKey();
    tokenFields.reveal();
  }
  connectForm.update();
  publishForm.suggestTarget(CLIENT_ID_FIRST);
  showCommand(commandFor(CLIENT_ID_FIRST));

  const asked = clientIdsInAddress(location.href);
  if (asked !== undefined) connectForm.submit(asked);
}

/** Makes a reload connect again, if the browser allows it. */
function rememberInAddress(ids: readonly string[]): void {
  try {
    history.replaceState(null, '', addressForClientIds(location.href, ids));
  } catch {
    // Some browsers refuse this for a page from disk, or if it happens too often.
  }
}

main();
