/** Two people in examples/chat.html. As written it knows the default ports; this system is on others. */
import { type Browser, launchChromium, type Page } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RestartableSystem, startRestartableSystem } from './restartable-system.ts';

const CHAT = new URL('../../examples/chat.html', import.meta.url).href;

let browser: Browser;
let system: RestartableSystem;

beforeAll(async () => {
  system = await startRestartableSystem('chat');
  browser = await launchChromium();
});

afterAll(async () => {
  await browser.close();
  await system.remove();
});

/** A browser of its own, in which the default ports lead to this system. */
async function openChat(): Promise<Page> {
  const context = await browser.newContext();
  await context.addInitScript(`
    const RealWebSocket = WebSocket;
    WebSocket = class extends RealWebSocket {
      constructor(url) { super(url.replace('localhost:3000', '${new URL(system.relayUrl).host}')); }
    };`);
  const served = (url: string) =>
    url
      .replace('http://localhost:3000/', `${system.relayUrl}/`)
      .replace('http://localhost:8080/', system.apiUrl.replace(/\/?$/, '/'));
  await context.route(/^http:\/\/localhost:(3000|8080)\//, async (route) =>
    route.fulfill({ response: await route.fetch({ url: served(route.request().url()) }) }),
  );
  const page = await context.newPage();
  await page.goto(CHAT);
  return page;
}

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
  const anna = await openChat();
  await enter(anna, 'anna');
  await say(anna, 'Is <b>anybody</b> here?');
  const ben = await openChat();
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
