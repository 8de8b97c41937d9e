/** What a developer looks for on the page: several clients, groups, JSON, a filter, keys and tokens. */
import { createHash, randomBytes } from 'node:crypto';
import { signClientToken } from '@postline/client-tokens';
import { freePort, type Page, publish, startStandalone, waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
import { connectedAs, messagesOn, openConnected, openPage, textsOnceThereAre } from './opened-page.ts';
import { useRestartableSystem } from './restartable-system.ts';
import { useBrowser } from './use-browser.ts';

const system = useRestartableSystem('tools');
const browser = useBrowser();

/** Connected, with its groups in view. */
async function openGroupsOf(clientId: string, width = 1_280) {
  const viewport = { width, height: 800 };
  const opened = await openConnected(browser, system, clientId, { viewport });
  await openGroups(opened.page);
  return opened;
}

async function openGroups(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Groups' }).click();
}

function leaveButton(page: Page, group: string) {
  return page.getByRole('button', { name: `Leave ${group}`, exact: true });
}

async function join(page: Page, group: string): Promise<void> {
  await page.getByLabel('Group', { exact: true }).fill(group);
  await page.getByRole('button', { name: 'Join' }).click();
  await leaveButton(page, group).waitFor();
}

it('[PAGE-13] a group is joined, written to and left; its messages carry its name', async () => {
  const { page, close } = await openGroupsOf('anna');
  await join(page, 'news');
  await page.getByText('Joined news. Its messages appear here.').waitFor({ state: 'attached' });
  await page.locator('.group-list').getByRole('button', { name: 'news', exact: true }).click();
  expect(await page.getByLabel('To (target id)').inputValue()).toBe('group:news');
  await page.keyboard.type('Hello members');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('tab', { name: 'Messages' }).click();
  expect(await textsOnceThereAre(page, 1)).toEqual(['Hello members']);
  await page.getByText('On this page').waitFor();
  await publish(system.apiUrl, { message: 'for anna', targetId: 'anna' });
  await textsOnceThereAre(page, 2);
  const marks = messagesOn(page).locator('.message-group');
  expect(await marks.allTextContents()).toEqual(['To the group news']);
  await openGroups(page);
  await leaveButton(page, 'news').click();
  await page.getByText('In no group yet.').waitFor();
  await page.getByRole('tab', { name: 'Messages' }).click();
  await page.getByText('Left news. This client is not a member any more.').waitFor();
  await close();
});

it('[PAGE-13] ten groups fit a phone of 320 pixels, and are there again after a reload', async () => {
  const { page, close } = await openGroupsOf('ben', 320);
  const names = Array.from({ length: 10 }, (_, index) => `group-with-quite-a-long-name-${index}`);
  for (const name of names)
    await fetch(new URL(`/groups/${name}/members/ben`, system.apiUrl), { method: 'PUT' });
  const leaves = page.getByRole('button', { name: 'Leave ' });
  await waitUntil('all are listed', async () => (await leaves.count()) === 10);
  await page.reload();
  await connectedAs(page, 'ben');
  await openGroups(page);
  await waitUntil('all are listed again', async () => (await leaves.count()) === 10);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  await close();
});

it('[PAGE-13] a name that is none, and a refusal of the API, are explained beside the field', async () => {
  const { page, close } = await openGroupsOf('carl');
  await page.getByLabel('Group', { exact: true }).fill('no name');
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByRole('alert').filter({ hasText: "A group's name has 1 to 122" }).waitFor();
  await page.route('**/groups/**', (route) =>
    route.fulfill({
      status: 403,
      headers: { 'access-control-allow-origin': '*' },
      json: { detail: 'This key has no scope members.' },
    }),
  );
  await page.getByLabel('Group', { exact: true }).fill('news');
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByRole('alert').filter({ hasText: 'This key has no scope members.' }).waitFor();
  await close();
});

it('[PAGE-14] two clients are side by side, each with its own messages; one form writes to both', async () => {
  const { page, incidents, close } = await openPage(browser, `${system.relayUrl}/?clientId=left,right`);
  const [left, right] = ['left', 'right'].map((id) => page.getByRole('region', { name: `Client ${id}` }));
  if (left === undefined || right === undefined) throw new Error('there are two');
  await connectedAs(page, 'left');
  await connectedAs(page, 'right');
  for (const id of ['left', 'right']) {
    await page.getByRole('button', { name: id, exact: true }).click();
    await page.keyboard.type(`for ${id}`);
    await page.keyboard.press('Control+Enter');
    await page.getByText(`Accepted: offset 1 in the log of ${id}`).waitFor();
    await page.getByText('On this page').waitFor();
  }
  await left.getByText('for left').waitFor();
  await right.getByText('for right').waitFor();
  expect(await messagesOn(page).locator('.message-text').allTextContents()).toEqual([
    'for left',
    'for right',
  ]);
  const [one, other] = [await left.boundingBox(), await right.boundingBox()];
  expect(one?.y).toBe(other?.y);

  await page.getByLabel('Client id').fill('right');
  await page.getByRole('button', { name: 'Switch to right' }).click();
  await left.waitFor({ state: 'detached' });
  expect(await page.title()).toBe('client right · Postline');
  expect(page.url()).toBe(`${system.relayUrl}/?clientId=right`);
  await right.getByText('for right').waitFor();
  expect(await right.getByRole('status').first().textContent()).toBe('Connected as right');
  expect(incidents).toEqual([]);
  await close();
});

it('[PAGE-16] JSON is a tree; a message can be copied, shown as a frame, found by a filter, and the list cleared', async () => {
  const { page, incidents, close } = await openConnected(browser, system, 'tools', {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const order = '{"type":"order","items":[{"sku":"a<b>","count":2},{"sku":"c"}],"paid":true}';
  const long = `A long text. ${'word '.repeat(300)}`;
  for (const message of [order, long, 'short']) await publish(system.apiUrl, { message, targetId: 'tools' });
  await messagesOn(page).nth(2).waitFor();
  const [json, text] = [messagesOn(page).nth(0), messagesOn(page).nth(1)];

  expect(await json.getByText('"type": "order"', { exact: true }).isVisible()).toBe(true);
  await json.getByText('"sku": "a<b>", "count": 2').click(); // the preview of a folded object
  await json.getByText('"count": 2', { exact: true }).waitFor();
  await json.getByRole('button', { name: 'Copy message 1' }).click();
  await json.getByText('Copied').waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(order);
  await json.getByRole('button', { name: 'Frame of message 1' }).click();
  const frame = await json.getByLabel('Frame of message 1, as the relay sent it').textContent();
  expect(JSON.parse(frame ?? '')).toMatchObject({
    type: 'new_message',
    targetId: 'tools',
    offset: 1,
    data: order,
  });

  const height = async () => (await text.boundingBox())?.height ?? 0;
  const folded = await height();
  await text.getByRole('button', { name: 'Show all 1,513 characters' }).click();
  expect(await height()).toBeGreaterThan(folded);
  await text.getByRole('button', { name: 'Show less' }).click();
  expect(await height()).toBe(folded);

  await page.getByRole('searchbox', { name: 'Filter' }).fill('LONG');
  await page.getByText('1 of 3 messages on this page contains “LONG”.').waitFor();
  await publish(system.apiUrl, { message: 'not this', targetId: 'tools' });
  await publish(system.apiUrl, { message: 'belongs', targetId: 'tools' });
  await page.getByText('2 of 5 messages on this page contain “LONG”.').waitFor();
  expect(await messagesOn(page).locator('visible=true').count()).toBe(2);
  await page.getByRole('button', { name: 'Clear' }).click();
  expect(await messagesOn(page).count()).toBe(0);
  expect(incidents).toEqual([]);
  await close();
});

it('[PAGE-8] a keyboard reaches the buttons of one message, and by the arrows those of its neighbours', async () => {
  const { page, close } = await openConnected(browser, system, 'arrows');
  for (const message of ['one', '{"two":2}', 'three'])
    await publish(system.apiUrl, { message, targetId: 'arrows' });
  await messagesOn(page).nth(2).waitFor();
  await page.getByRole('log').focus();
  const focused = () => page.evaluate<string>('document.activeElement.ariaLabel');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Copy message 3');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  expect(await focused()).toBe('Copy message 1');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Frame of message 1');
  await page.keyboard.press('Tab');
  expect(await page.evaluate<boolean>(`document.activeElement.closest('.log') === null`)).toBe(true);
  await close();
});

it('[PAGE-15] with AUTH=required the page asks for a token and a key, keeps them in the tab, and works with them', async () => {
  const relayPort = await freePort();
  const [secret, key] = [randomBytes(48).toString('base64'), randomBytes(24).toString('base64url')];
  const digest = createHash('sha256').update(key).digest('hex');
  const secured = await startStandalone({
    AUTH: 'required',
    SERVE_PAGE: 'yes',
    RELAY_PORT: String(relayPort),
    CLIENT_TOKEN_SECRET: secret,
    PUBLISH_KEYS: `page:${digest}`,
    ALLOWED_ORIGINS: `http://127.0.0.1:${relayPort}`,
  });
  const token = await signClientToken({ secret, clientId: 'anna', expiresInSeconds: 600 });
  const { page, incidents, close } = await openPage(browser, `${secured.relayUrl}/?clientId=anna`);
  await page.getByText(/^The relay says: The token is missing.+ \(unauthorized, code 4501\)\.$/).waitFor();
  const words = await page.evaluate<string>('document.body.innerText');
  expect(words.match(/token is missing|requires a valid token/g)).toHaveLength(1);
  await page.getByLabel('Token').fill(token);
  await page.getByText(/^Expires /).waitFor();
  await page.getByRole('button', { name: 'Connect' }).click();
  await connectedAs(page, 'anna');
  await page.getByLabel('Message', { exact: true }).fill('with a key');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.answer').getByText('401').waitFor();
  await page.getByLabel('API key').fill(key);
  expect(await page.locator('.answer').isVisible()).toBe(false); // the refusal is answered
  await page.getByRole('button', { name: 'Send' }).click();
  expect(await textsOnceThereAre(page, 1)).toEqual(['with a key']);
  const shown = await page.evaluate<string>(
    `document.body.innerText + location.href + JSON.stringify(localStorage)`,
  );
  expect([shown.includes(token), shown.includes(key)]).toEqual([false, false]);

  await page.reload();
  await connectedAs(page, 'anna');
  expect(await page.getByLabel('API key').inputValue()).toBe(key);
  expect(incidents).toEqual([]);
  await close();
  await secured.stop();
});

it('[PAGE-18] a new client begins with the newest 50 messages, and loads earlier ones up to the beginning', async () => {
  const texts = Array.from({ length: 70 }, (_, index) => `old ${index + 1}`);
  for (const message of texts) await publish(system.apiUrl, { message, targetId: 'history' });
  await fetch(new URL('/groups/old/members/history', system.apiUrl), { method: 'PUT' });
  await publish(system.apiUrl, { message: 'to the group', targetId: 'group:old' });
  const { page, incidents, close } = await openPage(browser, `${system.relayUrl}/?clientId=history`);
  const shown = await textsOnceThereAre(page, 51);
  expect(new Set(shown)).toEqual(new Set([...texts.slice(20), 'to the group']));
  expect(await messagesOn(page).first().getAttribute('data-origin')).toBe('earlier');

  const top = () => page.evaluate<number>(`document.querySelector('.log').scrollTop`);
  await page.getByRole('log').press('Home');
  await waitUntil('the reader is at the top', async () => (await top()) === 0);
  await page.getByRole('button', { name: 'Show earlier messages' }).click();
  expect((await textsOnceThereAre(page, 71)).slice(0, 21)).toEqual(texts.slice(0, 21));
  await waitUntil('the reader is where they were', async () => (await top()) > 0);
  await page.getByText('This is the beginning.').waitFor({ state: 'attached' });
  expect(await page.getByRole('button', { name: 'Show earlier messages' }).isVisible()).toBe(false);

  await page.getByRole('button', { name: 'Clear' }).click();
  await page.getByRole('button', { name: 'Show earlier messages' }).click();
  expect((await textsOnceThereAre(page, 50)).at(-1)).toBe('to the group');
  expect(incidents).toEqual([]);
  await close();
});

it('[PAGE-16] the form sends JSON, and refuses before sending what is none', async () => {
  const { page, incidents, close } = await openConnected(browser, system, 'json');
  await page.getByLabel('as JSON').check();
  const text = page.getByLabel('Message', { exact: true });
  await text.fill('{"a": 1');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('alert').filter({ hasText: 'This is not JSON' }).waitFor();
  await text.fill('{"a": 1}');
  expect(await page.locator('#json-problem').isVisible()).toBe(false);
  await page.getByRole('button', { name: 'Send' }).click();
  await messagesOn(page).getByText('"a": 1', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Frame of message 1' }).click();
  await page.getByText('"data":"{\\"a\\":1}"').waitFor();
  expect(incidents).toEqual([]);
  await close();
});
