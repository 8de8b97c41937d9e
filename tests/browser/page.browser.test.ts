import { publish, waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
import {
  connectedAs,
  messagesOn,
  offsetsOn,
  openConnected,
  openPage,
  pageOnDisk,
  textsOnceThereAre,
} from './opened-page.ts';
import { useRestartableSystem } from './restartable-system.ts';
import { useBrowser } from './use-browser.ts';

const system = useRestartableSystem('page');
const browser = useBrowser();

it('[PAGE-1] a message sent by HTTP appears on the page of its target, and only there', async () => {
  const anna = await openConnected(browser, system, 'anna');
  const bob = await openConnected(browser, system, 'bob');

  await publish(system.apiUrl, { message: 'for Anna\nonly', targetId: 'anna' });
  await publish(system.apiUrl, { message: 'for Bob', targetId: 'bob' });

  expect(await textsOnceThereAre(anna.page, 1)).toEqual(['for Anna\nonly']);
  // Bob's own message came after Anna's was sent: had hers gone to him, it would be there by now.
  expect(await textsOnceThereAre(bob.page, 1)).toEqual(['for Bob']);
  expect(anna.incidents.concat(bob.incidents)).toEqual([]);
  await Promise.all([anna.close(), bob.close()]);
});

const RAN = `window.__ran=(window.__ran||0)+1`;
const HOSTILE_TEXTS = [
  `<script>${RAN}</script>`,
  `<img src=x onerror="${RAN};alert(1)">`,
  `<svg onload="${RAN}"><animate onbegin="${RAN}" attributeName=x dur=1s></svg>`,
  `</p></div></li></ol><script>${RAN}</script>`,
  `<a href="javascript:${RAN}">click</a>`,
  `<iframe srcdoc="<script>parent.${RAN}</script>"></iframe>`,
  `<details open ontoggle="${RAN}"><summary>x</summary></details>`,
  `"><input autofocus onfocus="${RAN}">`,
  `<style>*{display:none}</style><link rel=stylesheet href=//evil.example/x.css>`,
  `<base href="https://evil.example/"><meta http-equiv=refresh content="0;url=https://evil.example/">`,
  `{{constructor.constructor('${RAN}')()}} \${${RAN}} <%= ${RAN} %>`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${RAN}&gt;">`,
  `&lt;script&gt;${RAN}&lt;/script&gt; &#x3C;b&#x3E; \u202Ereversed\u202C \u0000 end`,
];
const MESSAGE_ELEMENTS = ['SPAN', 'SPAN', 'DIV', 'P', 'DIV', 'TIME', 'SPAN', 'SPAN', 'BUTTON', 'BUTTON'];

it('[PAGE-2] a message is shown as text, whatever is in it; nothing in it runs', async () => {
  const { page, incidents, close } = await openConnected(browser, system, 'xss');
  for (const message of HOSTILE_TEXTS) await publish(system.apiUrl, { message, targetId: 'xss' });

  expect(await textsOnceThereAre(page, HOSTILE_TEXTS.length)).toEqual(HOSTILE_TEXTS);
  const elements = await page.evaluate<string[][]>(
    `Array.from(document.querySelectorAll('.message-list > li'), (item) =>
      Array.from(item.querySelectorAll('*'), (element) => element.tagName))`,
  );
  expect(elements).toEqual(HOSTILE_TEXTS.map(() => MESSAGE_ELEMENTS));
  expect(await page.evaluate('window.__ran')).toBeUndefined();
  expect(new URL(page.url()).origin).toBe(system.relayUrl);
  expect(incidents).toEqual([]);
  await close();
});

it('[PAGE-2] the page itself stops injected markup: the traps of this test would have seen it run', async () => {
  const { page, incidents, close } = await openPage(browser, `${system.relayUrl}/`);
  const inject = `document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.__ran=1">')`;
  await expect(page.evaluate(inject)).rejects.toThrow('TrustedHTML');
  await waitUntil('the policy is seen to stop it', () => incidents.length > 0);
  expect(await page.evaluate('window.__ran')).toBeUndefined();
  await close();
});

it('[PAGE-2] hostile text in the address is a problem that is told, not a client', async () => {
  const hostile = encodeURIComponent(`<img src=x onerror="${RAN}">`);
  const { page, incidents, close } = await openPage(browser, `${system.relayUrl}/?clientId=${hostile}`);
  await page.getByRole('alert').filter({ hasText: 'An id has 1 to 128' }).waitFor();
  await page.getByRole('status').filter({ hasText: 'Not connected' }).waitFor();
  expect(incidents).toEqual([]);
  await close();
});

it('[PAGE-3] /?clientId=1 connects at once as client 1, and so does a reload', async () => {
  const { page, close } = await openConnected(browser, system, '1');
  await page.getByLabel('Client id').fill('2');
  await page.getByRole('button', { name: 'Switch to 2' }).click();
  await connectedAs(page, '2');
  expect(page.url()).toBe(`${system.relayUrl}/?clientId=2`);
  await page.reload();
  await connectedAs(page, '2');
  await publish(system.apiUrl, { message: 'to two', targetId: 2 });
  expect(await textsOnceThereAre(page, 1)).toEqual(['to two']);
  await close();
});

it('[PAGE-4] the page opened from disk connects, receives and sends', async () => {
  const url = pageOnDisk({ api: system.apiUrl, relay: system.relayUrl, clientId: 'disk' });
  const { page, incidents, close } = await openPage(browser, url);
  await connectedAs(page, 'disk');
  await page.getByLabel('Message', { exact: true }).fill('from a file');
  await page.getByRole('button', { name: 'Send' }).click();
  expect(await textsOnceThereAre(page, 1)).toEqual(['from a file']);
  await page.getByText('Accepted: offset 1 in the log of disk').waitFor();
  expect(incidents).toEqual([]);
  await close();
});

it('[PAGE-9] sending shows the time from the click to the answer, and to the arrival on this page', async () => {
  const { page, incidents, close } = await openConnected(browser, system, 'timed');
  const stops = page.getByRole('list', { name: 'Time since the click' }).getByRole('listitem');
  await page.getByLabel('Message', { exact: true }).fill('how long?');
  await page.getByRole('button', { name: 'Send' }).click();
  await stops.filter({ hasText: /On this page\d+(\.\d)? ms/ }).waitFor();
  await stops.filter({ hasText: /API answered\d+(\.\d)? ms/ }).waitFor();
  const timesMs = (await stops.allTextContents()).map((text) => Number(/[\d.]+(?= ms)/.exec(text)?.[0]));
  expect(timesMs).toHaveLength(3);
  expect(timesMs).toEqual(timesMs.toSorted((a, b) => a - b));

  await page.getByLabel('To (target id)').fill('somebody-else');
  await page.getByLabel('Message', { exact: true }).fill('not for me');
  await page.getByRole('button', { name: 'Send' }).click();
  await stops.filter({ hasText: 'To somebody-elsenot this page' }).waitFor();
  expect(await textsOnceThereAre(page, 1)).toEqual(['how long?']);
  expect(incidents).toEqual([]);
  await close();
});

it('[PAGE-8] sending by the keyboard alone: tab to the form, type, Ctrl+Enter', async () => {
  const { page, incidents, close } = await openPage(browser, `${system.relayUrl}/`);
  const focusedName = () =>
    page.evaluate<string>(`document.activeElement.name || document.activeElement.textContent.trim()`);
  const tabTo = async (name: string) => {
    const passed: string[] = [];
    while (passed.at(-1) !== name && passed.length < 20) {
      await page.keyboard.press('Tab');
      passed.push(await focusedName());
    }
    expect(passed.at(-1)).toBe(name);
    return passed;
  };

  expect(await tabTo('clientId')).toEqual(['Skip to the messages', 'clientId']);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('keys');
  await page.keyboard.press('Enter');
  await connectedAs(page, 'keys');
  await tabTo('message');
  await page.keyboard.type('typed');
  await page.keyboard.press('Control+Enter');
  expect(await textsOnceThereAre(page, 1)).toEqual(['typed']);
  await page.getByText('Accepted: offset 1 in the log of keys').waitFor();
  expect(await focusedName()).toBe('message');
  expect(incidents).toEqual([]);
  await close();
});

it('[PAGE-5] after everything was restarted the page comes back by itself; nothing is missed or shown twice', async () => {
  const { page, incidents, close } = await openConnected(browser, system, 'back');
  await publish(system.apiUrl, { message: 'before 1', targetId: 'back' });
  await publish(system.apiUrl, { message: 'before 2', targetId: 'back' });
  await textsOnceThereAre(page, 2);

  await system.stop();
  await page.getByRole('status').filter({ hasText: 'Connection lost' }).waitFor();
  await system.start();
  for (const n of [1, 2, 3]) await publish(system.apiUrl, { message: `after ${n}`, targetId: 'back' });
  await connectedAs(page, 'back');
  await publish(system.apiUrl, { message: 'last', targetId: 'back' });

  const expected = ['before 1', 'before 2', 'after 1', 'after 2', 'after 3', 'last'];
  expect(await textsOnceThereAre(page, expected.length)).toEqual(expected);
  expect(await offsetsOn(page)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await messagesOn(page).last().getAttribute('data-origin')).toBe('live');
  expect(incidents).toEqual([]);
  await close();
});
