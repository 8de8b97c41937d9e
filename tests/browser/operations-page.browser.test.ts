/** The operations page in a browser: the key, the pictures, the way of a message, and use by everyone. */
import { createHash } from 'node:crypto';
import { publish, RelayClient, startStandalone, type StandaloneProcess } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityFindings } from './accessibility-findings.ts';
import { openPage } from './opened-page.ts';
import { useBrowser } from './use-browser.ts';

const browser = useBrowser();

describe('an open relay', () => {
  let system: StandaloneProcess;
  let reader: RelayClient;
  beforeAll(async () => {
    system = await startStandalone({ OPS_PAGE: 'on' });
    reader = await RelayClient.identified(system.relayUrl, { clientId: 'anna', deviceId: 'phone' });
    for (const message of ['one', 'two', '<b>three</b>'])
      await publish(system.apiUrl, { message, targetId: 'anna' });
    await reader.messagesOnceThereAre(3);
    reader.send({ type: 'ack', offset: 2 });
  });
  afterAll(async () => {
    await reader.close();
    await system.stop();
  });

  it.each([
    ['light', 1280],
    ['dark', 390],
    ['light', 320],
  ] as const)('[OPP-4] axe finds nothing in the %s scheme at %i pixels', async (colorScheme, width) => {
    const viewport = { width, height: 900 };
    const { page, incidents, close } = await openPage(browser, `${system.relayUrl}/ops`, {
      colorScheme,
      viewport,
    });
    await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor();
    await page.getByRole('img', { name: /^Connections: at most 1$/ }).waitFor();
    await page
      .getByRole('img', { name: /by a hint/ })
      .first()
      .waitFor();
    await page.getByLabel('Target').fill('anna');
    await page.getByLabel('Offset').fill('2');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByRole('cell', { name: 'phone' }).waitFor();
    await page.getByText('1 hour').click();
    expect(await accessibilityFindings(page)).toEqual([]);
    expect(await page.evaluate(`document.documentElement.scrollWidth`)).toBe(width);
    expect(incidents).toEqual([]);
    await close();
  });

  it('[OPP-4] shows the way of a message, and a refusal in the words of the relay', async () => {
    const { page, close } = await openPage(browser, `${system.relayUrl}/ops`);
    const way = page.getByRole('region', { name: 'The way of the message' });
    await page.getByLabel('Target').fill('anna');
    await page.getByLabel('Offset').fill('3');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await way.getByText('To 1 connection, first').waitFor();
    expect(await way.getByRole('heading').allTextContents()).toEqual(['Stored', 'Hinted', 'Sent', 'Acked']);
    expect(await way.textContent()).toMatch(
      /1 of 1 connections that follow the target .*0 devices processed it/,
    );
    await page.getByLabel('Target').fill('a/b');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await way.getByText('targetId must be a target id').waitFor();
    await close();
  });

  it('[OPP-4] shows the values under the pointer', async () => {
    const { page, close } = await openPage(browser, `${system.relayUrl}/ops`);
    const lane = page.getByRole('img', { name: /^Connections/ });
    await lane.waitFor();
    await lane.hover({ position: { x: 20, y: 10 } });
    await page.getByText(/^\d\d:\d\d:\d\d: .*messages per second/).waitFor();
    await close();
  });
});

it('[OPP-1] [OPP-4] asks for a key where one is required, and keeps it for the tab', async () => {
  const system = await startStandalone({
    AUTH: 'required',
    OPS_PAGE: 'on',
    CLIENT_TOKEN_SECRET: 'a secret of more than 32 bytes, for the test',
    PUBLISH_KEYS: `boss:${createHash('sha256').update('boss-key').digest('hex')};manage`,
  });
  const { page, incidents, close } = await openPage(browser, `${system.relayUrl}/ops`);
  const key = page.getByLabel('Key with the scope manage');
  await key.waitFor();
  expect(await page.locator('#board').isVisible()).toBe(false);
  expect(await accessibilityFindings(page)).toEqual([]);
  await key.fill('wrong');
  await page.getByRole('button', { name: 'Show the page' }).click();
  await page.getByText('A key with the scope manage is required').waitFor();
  await key.fill('boss-key');
  await page.getByRole('button', { name: 'Show the page' }).click();
  await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor();
  expect(await key.isVisible()).toBe(false);
  await page.reload();
  await page.getByRole('status').filter({ hasText: 'Ready' }).waitFor();
  expect(page.url()).not.toContain('boss-key');
  await page.getByRole('heading', { name: 'Time line' }).waitFor();
  await system.stop();
  await page.getByText('What is shown is old').waitFor();
  expect(incidents).toEqual([]);
  await close();
});
