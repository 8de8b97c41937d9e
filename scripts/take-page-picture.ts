/**
 * Takes the pictures of the README from the real page: docs/images/page.png shows it at work; away.png and back.png show
 * that nothing is lost while its network is. Needs Chromium, and ports 8080 and 3000 free, because the page shows them.
 */
import { mkdir } from 'node:fs/promises';
import {
  type Browser,
  launchChromium,
  type Page,
  publish,
  startStandalone,
  TcpProxy,
} from '@postline/test-support';

const FOLDER = 'docs/images';
const SIZE = { width: 980, height: 696 };
/** As narrow as a phone, because the README shows the two side by side. */
const NARROW_SIZE = { width: 480, height: 700 };
const ADDRESS = 'http://localhost:3000/?clientId=1';

async function send(apiUrl: string, message: string, targetId: number): Promise<void> {
  const { status } = await publish(apiUrl, { message, targetId });
  if (status !== 201) throw new Error(`The API answered ${status} to a publish`);
}

const messagesOf = (page: Page) => page.getByRole('log').locator('li.message');
const statusOf = (page: Page, text: string) => page.getByRole('status').filter({ hasText: text }).first();

/** As a visitor sees it: no field has the focus, and the page is not scrolled. */
async function takePicture(page: Page, name: string): Promise<void> {
  await page.evaluate('document.activeElement?.blur(); scrollTo(0, 0)');
  const path = `${FOLDER}/${name}.png`;
  await page.screenshot({ path, animations: 'disabled' });
  console.log(`wrote ${path}`);
}

/** Client 1 after two messages were published while its page was closed. */
async function takePage(browser: Browser, apiUrl: string): Promise<void> {
  const page = await browser.newPage({ viewport: SIZE });
  const messages = messagesOf(page);
  await page.goto(ADDRESS);
  await statusOf(page, 'Connected as 1').waitFor();
  await send(apiUrl, 'Hello Client 1!', 1);
  await messages.first().waitFor();
  await page.goto('about:blank');
  await send(apiUrl, 'Your order 1042 has been shipped', 1);
  await send(apiUrl, 'The driver is two stops away', 1);
  await page.goto(ADDRESS);
  await messages.nth(1).waitFor();
  await page.getByLabel('Message', { exact: true }).fill('Thank you!');
  await page.getByRole('button', { name: 'Send' }).click();
  await messages.filter({ hasText: 'Thank you!' }).waitFor();
  await takePicture(page, 'page');
  await page.close();
}

/** Client 2, first without its network, then with it again. */
async function takeOutage(browser: Browser, apiUrl: string, relayUrl: string): Promise<void> {
  const network = await TcpProxy.start(Number(new URL(relayUrl).port));
  const page = await browser.newPage({ viewport: NARROW_SIZE });
  await page.goto(network.urlThrough(`${relayUrl}?clientId=2`));
  await statusOf(page, 'Connected as 2').waitFor();
  await send(apiUrl, 'Your order 1043 has been shipped', 2);
  await messagesOf(page).first().waitFor();
  network.cut();
  await statusOf(page, 'Connection lost').waitFor();
  await send(apiUrl, 'The driver is two stops away', 2);
  await send(apiUrl, 'The driver is at your door', 2);
  await takePicture(page, 'away');
  network.heal();
  await statusOf(page, 'Connected as 2').waitFor();
  await messagesOf(page).nth(2).waitFor();
  await takePicture(page, 'back');
  await page.close();
  await network.close();
}

await mkdir(FOLDER, { recursive: true });
const services = await startStandalone({ API_PORT: '8080', RELAY_PORT: '3000' });
const browser = await launchChromium();
try {
  await takePage(browser, services.apiUrl);
  await takeOutage(browser, services.apiUrl, services.relayUrl);
} finally {
  await browser.close();
  await services.stop();
}
