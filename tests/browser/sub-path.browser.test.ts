import { freePort, type StandaloneProcess, startStandalone } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectedAs, openPage, textsOnceThereAre } from './opened-page.ts';
import { startSubPathProxy, type SubPathProxy } from './sub-path-proxy.ts';
import { useBrowser } from './use-browser.ts';

let services: StandaloneProcess;
let proxy: SubPathProxy;
const browser = useBrowser();

beforeAll(async () => {
  const sitePort = await freePort();
  services = await startStandalone({ PUBLIC_API_URL: `http://localhost:${sitePort}/push/api` });
  const [apiPort, relayPort] = [portOf(services.apiUrl), portOf(services.relayUrl)];
  proxy = await startSubPathProxy(sitePort, { apiPort, relayPort });
});

afterAll(async () => {
  await proxy.close();
  await services.stop();
});

function portOf(url: string): number {
  return Number(new URL(url).port);
}

it.each(['/push/', '/push'])(
  '[PAGE-12] the page at %s of a site connects, sends and receives',
  async (path) => {
    const clientId = path.length === 5 ? 'without' : 'with';
    const { page, incidents, close } = await openPage(browser, `${proxy.url}${path}?clientId=${clientId}`);
    await connectedAs(page, clientId);
    await page.getByLabel('Message', { exact: true }).fill('by a sub-path');
    await page.getByRole('button', { name: 'Send' }).click();
    expect(await textsOnceThereAre(page, 1)).toEqual(['by a sub-path']);
    expect(proxy.posted.at(-1)).toBe('/push/api/');
    expect(await page.evaluate(`document.querySelector('[data-part="beside"]').href`)).toBe(
      `${proxy.url}${path}?clientId=${clientId},2`,
    );
    await page.reload();
    await connectedAs(page, clientId);
    expect(proxy.elsewhere).toEqual([]);
    expect(incidents).toEqual([]);
    await close();
  },
);

it.each(['/push/api/docs', '/push/api/docs/'])(
  '[PAGE-12] the documentation at %s of a site shows itself and reaches the API',
  async (path) => {
    const { page, incidents, close } = await openPage(browser, `${proxy.url}${path}`);
    const operation = page.getByRole('article', { name: 'GET /healthz' });
    await operation.getByText('Try it').click();
    await operation.getByRole('button', { name: 'Send to this server' }).click();
    await operation.getByRole('status').filter({ hasText: '200 OK' }).waitFor();
    expect(await operation.locator('.sent').textContent()).toBe(`curl '${proxy.url}/push/api/healthz'`);
    expect(await page.locator('main pre').first().textContent()).toContain(`${proxy.url}/push/api -H`);
    expect(proxy.elsewhere).toEqual([]);
    expect(incidents).toEqual([]);
    await close();
  },
);

it.each(['/push/api/', '/push/api/messages/batch', '/push/api/targets/1/messages'])(
  '[PAGE-12] the type of a problem of %s opens its page, under the path of the site',
  async (path) => {
    const address = new URL(path, proxy.url);
    const answer = await fetch(address, { method: 'PATCH' });
    const { type } = (await answer.json()) as { type: string };
    const { page, incidents, close } = await openPage(browser, new URL(type, address).href);
    await page.getByRole('heading', { name: 'The method is not allowed here' }).waitFor();
    await page.getByRole('link', { name: 'All errors' }).click();
    await page.getByRole('article', { name: 'GET /healthz' }).waitFor();
    expect(page.url()).toBe(`${proxy.url}/push/api/docs#errors`);
    expect(proxy.elsewhere).toEqual([]);
    expect(incidents).toEqual([]);
    await close();
  },
);

it('[PAGE-12] the client library under a path is loaded by a page of the site, and connects by a relative address', async () => {
  const { page, incidents, close } = await openPage(browser, `${proxy.url}/shop`);
  await page.getByText('live').waitFor();
  expect(proxy.elsewhere).toEqual([]);
  expect(incidents).toEqual([]);
  await close();
});
