/** The documentation of both services at /docs: sending requests from the API's, and use by everyone. */
import { type Page, waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
import { accessibilityFindings } from './accessibility-findings.ts';
import { openPage } from './opened-page.ts';
import { useRestartableSystem } from './restartable-system.ts';
import { useBrowser } from './use-browser.ts';

const system = useRestartableSystem('documentation');
const browser = useBrowser();

const openAll = (page: Page) =>
  page.evaluate(`for (const details of document.querySelectorAll('details')) details.open = true`);

it('[DOC-2] sends requests to the server it came from, and each one is a new message', async () => {
  const { page, incidents, close } = await openPage(browser, `${system.apiUrl}/docs`);
  const operation = page.getByRole('article', { name: 'POST /messages', exact: true });
  await operation.getByText('Try it').click();
  expect(await operation.getByLabel('Idempotency-Key (optional)').inputValue()).toBe('');
  for (const offset of [1, 2]) {
    await operation.getByRole('button').click();
    await operation
      .locator('.received')
      .filter({ hasText: `"offset": ${offset}` })
      .waitFor();
    expect(await operation.getByRole('status').textContent()).toMatch(/^201 Created, \d+ ms$/);
  }
  expect(await operation.locator('.sent').textContent()).toContain(
    `curl -X POST '${system.apiUrl}/messages' -H`,
  );
  const log = page.getByRole('article', { name: 'GET /targets/{targetId}/messages' });
  await log.getByText('Try it').click();
  await log.getByLabel('targetId').fill('a/b');
  await log.getByRole('button').click();
  await log.locator('.received').filter({ hasText: 'validation_failed' }).waitFor();
  await log.getByLabel('targetId').fill('1');
  await log.getByLabel('limit (optional)').fill('1');
  await log.getByRole('button').click();
  await log.locator('.received').filter({ hasText: '"head": 2' }).waitFor();
  expect(incidents).toEqual([]);
  await close();
});

it('[DOC-2] the key that was entered is sent, and not shown', async () => {
  const { page, close } = await openPage(browser, `${system.apiUrl}/docs`);
  await page.getByLabel(/^Key or token/).fill('secret-key');
  const operation = page.getByRole('article', { name: 'GET /healthz' });
  await operation.getByText('Try it').click();
  const sent = page.waitForRequest(/healthz/);
  await operation.getByRole('button').click();
  expect(await (await sent).headerValue('authorization')).toBe('Bearer secret-key');
  expect(await operation.locator('.sent').textContent()).toContain('Bearer $KEY');
  await close();
});

it.each([
  ['light', 1280],
  ['dark', 320],
] as const)('[DOC-3] axe finds nothing in the %s scheme at %i pixels', async (colorScheme, width) => {
  const viewport = { width, height: 800 };
  const { page, close } = await openPage(browser, `${system.apiUrl}/docs`, { colorScheme, viewport });
  await openAll(page);
  const operation = page.getByRole('article', { name: 'GET /healthz' });
  await operation.getByRole('button').click();
  await operation.getByRole('status').filter({ hasText: '200 OK' }).waitFor();
  expect(await accessibilityFindings(page)).toEqual([]);
  expect(await page.evaluate(`document.documentElement.scrollWidth`)).toBe(width);
  await close();
});

it.each([
  ['light', 1280],
  ['dark', 320],
] as const)(
  "[DOC-6] axe finds nothing on the relay's in the %s scheme at %i pixels",
  async (colorScheme, width) => {
    const viewport = { width, height: 800 };
    const { page, incidents, close } = await openPage(browser, `${system.relayUrl}/docs`, {
      colorScheme,
      viewport,
    });
    await page.getByRole('article', { name: 'identify', exact: true }).waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    expect(await page.evaluate(`document.documentElement.scrollWidth`)).toBe(width);
    expect(incidents).toEqual([]);
    await close();
  },
);

it.each([
  ['API', 390, 'POST /messages', 'publishMessage'],
  ['API', 320, 'POST /messages', 'publishMessage'],
  ['relay', 390, 'new_message', 'new_message'],
  ['relay', 320, 'new_message', 'new_message'],
] as const)(
  "[DOC-3] [DOC-6] the %s's begins with its content at %i pixels, and its menu opens when it is wanted",
  async (service, width, link, id) => {
    const url = service === 'API' ? system.apiUrl : system.relayUrl;
    const viewport = { width, height: 780 };
    const { page, close } = await openPage(browser, `${url}/docs`, { viewport });
    const menu = page.getByRole('navigation');
    const top = (selector: string) =>
      page.evaluate<number>(`document.querySelector('${selector}').getBoundingClientRect().top`);
    expect(await menu.isVisible()).toBe(false);
    expect(await top('main')).toBeLessThan(viewport.height / 3);

    await page.getByRole('link', { name: 'Menu' }).click();
    await menu.waitFor();
    expect(await accessibilityFindings(page)).toEqual([]);
    expect(await page.evaluate(`document.documentElement.scrollWidth`)).toBe(width);
    await menu.getByRole('link', { name: link, exact: true }).click();
    await waitUntil('the menu is closed', async () => !(await menu.isVisible()));
    await waitUntil('the entry is at the top', async () => Math.abs((await top(`#${id}`)) - 16) < 2);

    await page.getByRole('link', { name: 'Menu' }).click();
    await page.getByRole('link', { name: 'Close the menu' }).click();
    await waitUntil('the menu is closed', async () => !(await menu.isVisible()));
    await close();
  },
);

it('[DOC-3] [DOC-6] beside the content there is room for the menu at 1280 pixels', async () => {
  for (const url of [system.apiUrl, system.relayUrl]) {
    const { page, close } = await openPage(browser, `${url}/docs`, {
      viewport: { width: 1280, height: 800 },
    });
    expect(await page.getByRole('navigation').isVisible()).toBe(true);
    expect(await page.getByRole('link', { name: /menu/i }).count()).toBe(0);
    await close();
  }
});
