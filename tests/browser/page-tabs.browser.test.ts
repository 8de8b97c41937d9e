/** One client in several tabs of one browser, and what becomes of it when tabs, network and relay come and go. */
import { type BrowserContext, type CDPSession, type Page, publish } from '@postline/test-support';
import { expect, it } from 'vitest';
import { openExample } from './example-page.ts';
import { connectedAs, messagesOn, offsetsOn, textsOnceThereAre } from './opened-page.ts';
import { useRestartableSystem } from './restartable-system.ts';
import { useBrowser } from './use-browser.ts';

const system = useRestartableSystem('tabs');
const browser = useBrowser();

/** A new tab of this browser profile, connected. */
async function openTab(context: BrowserContext, clientId: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${system.relayUrl}/?clientId=${clientId}`);
  await connectedAs(page, clientId);
  return page;
}

async function send(targetId: string, ...messages: readonly string[]): Promise<void> {
  for (const message of messages) await publish(system.apiUrl, { message, targetId });
}

async function originsOn(page: Page): Promise<string[]> {
  const items = await messagesOn(page).all();
  return Promise.all(items.map(async (item) => (await item.getAttribute('data-origin')) ?? ''));
}

it('[EXA-4] examples/page.html, opened from disk, shows what comes and, after a reload, what was missed', async () => {
  const page = await openExample(browser, system, 'page.html');
  await page.getByText('live').waitFor();
  await send('1', '<b>first</b>');
  await page.getByText('<b>first</b>').waitFor();
  await page.goto('about:blank');
  await send('1', 'second');
  await page.goBack();
  await page.getByText('second (missed)').waitFor();
  expect(await page.getByRole('listitem').allTextContents()).toEqual(['second (missed)']);
  await page.context().close();
});

it('[PAGE-11] two tabs each show every message; a reload goes on where that tab stopped', async () => {
  const context = await browser.newContext();
  const first = await openTab(context, 'two-tabs');
  const second = await openTab(context, 'two-tabs');
  await send('two-tabs', 'both 1', 'both 2');
  expect(await textsOnceThereAre(first, 2)).toEqual(['both 1', 'both 2']);
  expect(await textsOnceThereAre(second, 2)).toEqual(['both 1', 'both 2']);

  // While the first tab is elsewhere, the second one runs ahead.
  await first.goto('about:blank');
  await send('two-tabs', 'ahead 1', 'ahead 2');
  await textsOnceThereAre(second, 4);
  await first.goBack();
  await connectedAs(first, 'two-tabs');
  expect(await textsOnceThereAre(first, 2)).toEqual(['ahead 1', 'ahead 2']);
  expect(await originsOn(first)).toEqual(['missed', 'missed']);
  await first.getByText('2 messages arrived while this page was away:').waitFor();

  await first.reload();
  await first.getByText('Nothing was missed since message 4').waitFor();
  await send('two-tabs', 'both 5');
  expect(await textsOnceThereAre(first, 1)).toEqual(['both 5']);
  expect((await textsOnceThereAre(second, 5)).at(-1)).toBe('both 5');
  expect(await offsetsOn(second)).toEqual([1, 2, 3, 4, 5]);
  await context.close();
});

it('[PAGE-11] a tab that is opened later is shown what came since the last one was closed', async () => {
  const context = await browser.newContext();
  const first = await openTab(context, 'later');
  await send('later', 'seen');
  await textsOnceThereAre(first, 1);
  await first.close();
  await send('later', 'missed');
  const later = await openTab(context, 'later');
  expect(await textsOnceThereAre(later, 1)).toEqual(['missed']);
  expect(await originsOn(later)).toEqual(['missed']);
  await context.close();
});

it('[PAGE-11] disconnected and connected again by hand, a page is shown what came meanwhile', async () => {
  const context = await browser.newContext();
  const page = await openTab(context, 'by-hand');
  await send('by-hand', 'before');
  await textsOnceThereAre(page, 1);
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await send('by-hand', 'meanwhile');
  await page.getByRole('button', { name: 'Connect' }).click();
  expect(await textsOnceThereAre(page, 2)).toEqual(['before', 'meanwhile']);
  expect(await originsOn(page)).toEqual(['live', 'missed']);
  await context.close();
});

it('[PAGE-5] [PAGE-11] offline and online again: nothing is missed or shown twice', async () => {
  const context = await browser.newContext();
  const page = await openTab(context, 'offline');
  await send('offline', 'before');
  await textsOnceThereAre(page, 1);
  // A browser that is offline keeps the sockets it has; here the relay goes as well, as in a tunnel.
  await context.setOffline(true);
  await system.stop();
  await page.getByRole('status').filter({ hasText: 'Connection lost' }).waitFor();
  await system.start();
  await send('offline', 'in the tunnel');
  await context.setOffline(false);
  expect(await textsOnceThereAre(page, 2)).toEqual(['before', 'in the tunnel']);
  expect(await originsOn(page)).toEqual(['live', 'missed']);
  await context.close();
});

it('[PAGE-5] [PAGE-11] a frozen page that is thawed after the relay was restarted picks up what it missed', async () => {
  const context = await browser.newContext();
  const page = await openTab(context, 'hidden');
  await send('hidden', 'before');
  await textsOnceThereAre(page, 1);
  const session: CDPSession = await context.newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await system.stop();
  await system.start();
  await send('hidden', 'while hidden 1', 'while hidden 2');
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  expect(await textsOnceThereAre(page, 3)).toEqual(['before', 'while hidden 1', 'while hidden 2']);
  await context.close();
});

it('[PAGE-5] [PAGE-11] the relay is restarted in mid-stream: every message is shown once, in order', async () => {
  const context = await browser.newContext();
  const page = await openTab(context, 'stream');
  const total = 120;
  for (let n = 1; n <= total; n += 1) {
    if (n === 40 || n === 80) {
      await system.stop();
      await system.start();
    }
    await send('stream', `n ${n}`);
  }
  const expected = Array.from({ length: total }, (_, index) => index + 1);
  expect(await textsOnceThereAre(page, total)).toEqual(expected.map((n) => `n ${n}`));
  expect(await offsetsOn(page)).toEqual(expected);
  await context.close();
});
