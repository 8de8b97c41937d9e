/**
 * More than 100 payloads are stored and displayed on the page in Chromium. A trap notices if any of them is executed.
 */
import { publish, waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
import { connectedAs, messagesOn, openPage, textsOnceThereAre } from '../browser/opened-page.ts';
import { useRestartableSystem } from '../browser/restartable-system.ts';
import { useBrowser } from '../browser/use-browser.ts';
import { type ExecutionTrap, setTrap } from './execution-trap.ts';
import { PAYLOADS, RUN_AS_HTML } from './script-payloads.ts';

/** Most payloads run at once. */
const RUNS_WITHIN_MS = 5_000;
/** The test itself answers this page: it has no content security policy and no other protection. */
const NAIVE_PAGE = 'http://localhost:1/';
/** The longest payloads do not fit into a URL. */
const ADDRESS_CHARACTERS_MAX = 1_000;

const system = useRestartableSystem('stored-scripts');
const browser = useBrowser();

it('the trap works: every payload that should run by itself runs when it is inserted as HTML', async () => {
  const { trap, page, close } = await openTrapped('about:blank');
  await page.route(`${NAIVE_PAGE}**`, (route) =>
    route.fulfill(
      route.request().url() === NAIVE_PAGE ? { contentType: 'text/html', body: '' } : { status: 404 },
    ),
  );
  const silent: string[] = [];
  for (const payload of RUN_AS_HTML) {
    await page.goto(NAIVE_PAGE); // a new document removes all traces of the previous payload
    const before = trap.calls();
    await page.evaluate(`document.body.innerHTML = ${JSON.stringify(payload)}`);
    const hasRun = await waitUntil('the trap notices', () => trap.calls() > before, RUNS_WITHIN_MS).catch(
      () => false,
    );
    if (!hasRun) silent.push(payload);
  }
  expect(silent).toEqual([]);
  await close();
});

it('[PAGE-2] none of more than 100 payloads runs, changes the page or sends a request; each is shown as it was sent', async () => {
  expect(new Set(PAYLOADS).size).toBeGreaterThan(100);
  const { trap, page, incidents, close } = await openTrapped(`${system.relayUrl}/?clientId=stored`);
  await connectedAs(page, 'stored');
  const elementsOf = () =>
    page.evaluate<string[]>(
      `[...new Set(Array.from(document.querySelectorAll('li.message *'), ({ tagName }) => tagName))].sort()`,
    );
  const asTree = PAYLOADS.filter(isJson);
  const asText = PAYLOADS.filter((payload) => !isJson(payload));
  expect(asTree.length).toBeGreaterThan(1);
  for (const message of ['{"a":{"b":["harmless"]}}', 'harmless'])
    await publish(system.apiUrl, { message, targetId: 'stored' });
  await textsOnceThereAre(page, 1);
  const elements = await elementsOf();

  for (const message of PAYLOADS) await publish(system.apiUrl, { message, targetId: 'stored' });
  const shown = await textsOnceThereAre(page, asText.length + 1);
  expect(shown.slice(1).map(withoutNul)).toEqual(asText.map(withoutNul));
  const trees = await messagesOn(page).locator('.json').allTextContents();
  expect(trees.length).toBe(asTree.length + 1);
  expect(trees.filter((tree) => tree.includes('trap()')).length).toBe(asTree.length);
  expect(await elementsOf()).toEqual(elements);

  // The user moves the mouse, clicks and reloads.
  await messagesOn(page).last().hover();
  await messagesOn(page).last().click();
  await page.reload();
  await connectedAs(page, 'stored');
  expect([trap.calls(), trap.strangeRequests, incidents]).toEqual([0, [], []]);
  await close();
});

it('[PAGE-2] no payload runs as the client id in the page’s URL', async () => {
  const { trap, page, incidents, close } = await openTrapped('about:blank');
  const some = PAYLOADS.filter(
    (payload, index) => index % 12 === 0 && payload.length < ADDRESS_CHARACTERS_MAX,
  );
  for (const payload of some) {
    await page.goto(`${system.relayUrl}/?clientId=${encodeURIComponent(payload)}`);
    await page.getByRole('alert').filter({ hasText: 'An id has 1 to 128' }).waitFor();
  }
  expect([trap.calls(), trap.strangeRequests, incidents]).toEqual([0, [], []]);
  await close();
});

/** The page displays objects as trees. */
function isJson(payload: string): boolean {
  try {
    return payload.startsWith('{') && JSON.parse(payload) !== null;
  } catch {
    return false;
  }
}

async function openTrapped(url: string) {
  let trap: ExecutionTrap | undefined;
  const opened = await openPage(browser, url, {
    before: async (page) => {
      trap = await setTrap(page);
    },
  });
  if (trap === undefined) throw new Error('the page was opened without its trap');
  return { ...opened, trap };
}

/** HTML has no NUL, and browsers differ in what they show instead. */
function withoutNul(text: string): string {
  return text.replace(/[\u0000\ufffd]/g, '');
}
