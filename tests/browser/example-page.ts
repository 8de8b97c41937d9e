import type { Page } from '@postline/test-support';
import type { RestartableSystem } from './restartable-system.ts';
import type { TestBrowser } from './use-browser.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url);

/**
 * An example in a browser profile of its own. As written it knows the default ports, which lead to this system here.
 */
export async function openExample(
  browser: TestBrowser,
  { apiUrl, relayUrl }: RestartableSystem,
  file: string,
): Promise<Page> {
  const context = await browser.newContext();
  await context.addInitScript(`
    const RealWebSocket = WebSocket;
    WebSocket = class extends RealWebSocket {
      constructor(url) { super(url.replace('localhost:3000', '${new URL(relayUrl).host}')); }
    };`);
  await context.route(/^http:\/\/localhost:(3000|8080)\//, async (route) => {
    const { port, pathname, search } = new URL(route.request().url());
    const url = new URL(pathname + search, port === '3000' ? relayUrl : apiUrl).href;
    await route.fulfill({ response: await route.fetch({ url }) });
  });
  const page = await context.newPage();
  await page.goto(new URL(file, EXAMPLES).href);
  return page;
}
