/**
 * Takes docs/images/page.png: the page as client 1 sees it after two messages were published while it was away. Needs
 * Chromium, and ports 8080 and 3000 free, because the page shows them.
 */
import { mkdir } from 'node:fs/promises';
import { launchChromium, startStandalone } from '@postline/test-support';

const FILE = 'docs/images/page.png';
const SIZE = { width: 980, height: 696 };

async function publish(apiUrl: string, message: string): Promise<void> {
  const response = await fetch(apiUrl, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ message, targetId: 1 }),
  });
  if (!response.ok) throw new Error(`The API answered ${response.status} to a publish`);
}

const services = await startStandalone({ API_PORT: '8080', RELAY_PORT: '3000' });
const browser = await launchChromium();
try {
  const page = await browser.newPage({ viewport: SIZE });
  const messages = page.getByRole('log').locator('li.message');
  const address = 'http://localhost:3000/?clientId=1';

  await page.goto(address);
  await page.getByRole('status').filter({ hasText: 'Connected as 1' }).waitFor();
  await publish(services.apiUrl, 'Hello Client 1!');
  await messages.first().waitFor();
  await page.goto('about:blank');
  await publish(services.apiUrl, 'Your order 1042 has been shipped');
  await publish(services.apiUrl, 'The driver is two stops away');
  await page.goto(address);
  await messages.nth(1).waitFor();
  await page.getByLabel('Message', { exact: true }).fill('Thank you!');
  await page.getByRole('button', { name: 'Send' }).click();
  await messages.nth(2).waitFor();
  // As a visitor sees it: no field has the focus, and the page is not scrolled.
  await page.evaluate('document.activeElement?.blur(); scrollTo(0, 0)');
  await mkdir('docs/images', { recursive: true });
  await page.screenshot({ path: FILE, animations: 'disabled' });
} finally {
  await browser.close();
  await services.stop();
}
console.log(`wrote ${FILE}`);
