/** The groups of the page's client: joined, left, written to, and shown with their messages. */
import { type Browser, launchChromium, type Page, publish, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectedAs, messagesOn, textsOnceThereAre } from './opened-page.ts';
import { type RestartableSystem, startRestartableSystem } from './restartable-system.ts';

let browser: Browser;
let system: RestartableSystem;

beforeAll(async () => {
  system = await startRestartableSystem('groups');
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await system.remove();
});

async function openAs(clientId: string, width = 1_280): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  await page.goto(`${system.relayUrl}/?clientId=${clientId}`);
  await connectedAs(page, clientId);
  return page;
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
  const page = await openAs('anna');
  await join(page, 'news');
  await page.getByText('Joined news. Its messages appear here.').waitFor();
  await page.getByRole('button', { name: 'news', exact: true }).click();
  expect(await page.getByLabel('To (target id)').inputValue()).toBe('group:news');
  await page.keyboard.type('Hello members');
  await page.keyboard.press('Control+Enter');
  expect(await textsOnceThereAre(page, 1)).toEqual(['Hello members']);
  await page.getByText('On this page').waitFor();
  await publish(system.apiUrl, { message: 'for anna', targetId: 'anna' });
  await textsOnceThereAre(page, 2);
  const marks = messagesOn(page).locator('.message-group');
  expect(await marks.allTextContents()).toEqual(['To the group news']);
  await leaveButton(page, 'news').click();
  await page.getByText('Left news. This client is not a member any more.').waitFor();
  await page.getByText('In no group yet.').waitFor();
  await page.close();
});

it('[PAGE-13] ten groups fit a phone of 320 pixels, and are there again after a reload', async () => {
  const page = await openAs('ben', 320);
  const names = Array.from({ length: 10 }, (_, index) => `group-with-quite-a-long-name-${index}`);
  for (const name of names)
    await fetch(new URL(`/groups/${name}/members/ben`, system.apiUrl), { method: 'PUT' });
  const leaves = page.getByRole('button', { name: 'Leave ' });
  await waitUntil('all are listed', async () => (await leaves.count()) === 10);
  await page.reload();
  await connectedAs(page, 'ben');
  await waitUntil('all are listed again', async () => (await leaves.count()) === 10);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
  await page.close();
});

it('[PAGE-13] a name that is none, and a refusal of the API, are explained beside the field', async () => {
  const page = await openAs('carl');
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
  await page.close();
});
