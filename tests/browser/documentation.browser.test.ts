/** The documentation of both services at /docs: sending requests from the API's, and use by everyone. */
import type { Page } from '@postline/test-support';
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
