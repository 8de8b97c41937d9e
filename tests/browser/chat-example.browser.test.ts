/** Two people in examples/chat.html. */
import type { Page } from '@postline/test-support';
import { expect, it } from 'vitest';
import { openExample } from './example-page.ts';
import { useRestartableSystem } from './restartable-system.ts';
import { useBrowser } from './use-browser.ts';

const system = useRestartableSystem('chat');
const browser = useBrowser();

async function enter(page: Page, name: string): Promise<void> {
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.getByText('room-7, live').waitFor();
  expect(await page.getByRole('button', { name: 'Enter' }).isVisible()).toBe(false);
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText(text).waitFor();
}

const linesOn = (page: Page) => page.getByRole('listitem').allTextContents();

it('[EXA-6] two people in examples/chat.html see what was said since they joined, also after a reload', async () => {
  const anna = await openExample(browser, system, 'chat.html');
  await enter(anna, 'anna');
  await say(anna, 'Is <b>anybody</b> here?');
  const ben = await openExample(browser, system, 'chat.html');
  await enter(ben, 'ben');
  await say(ben, 'I am.');
  await anna.getByText('ben: I am.').waitFor();
  await say(anna, 'Welcome!');
  await ben.getByText('anna: Welcome!').waitFor();
  expect(await linesOn(anna)).toEqual(['anna: Is <b>anybody</b> here?', 'ben: I am.', 'anna: Welcome!']);
  expect(await linesOn(ben)).toEqual(['ben: I am.', 'anna: Welcome!']);
  await ben.reload();
  await ben.getByText('anna: Welcome!').waitFor();
  expect(await linesOn(ben)).toEqual(['ben: I am.', 'anna: Welcome!']);
  await ben.getByRole('button', { name: 'Leave the room' }).click();
  await ben.getByRole('button', { name: 'Enter' }).waitFor();
  await say(anna, 'Bye!');
  await enter(ben, 'ben');
  await say(ben, 'Back again.');
  expect(await linesOn(ben)).toEqual(['ben: Back again.']);
  await Promise.all([anna.context().close(), ben.context().close()]);
});
