import { type BrowserContextOptions, type Locator, type Page, waitUntil } from '@postline/test-support';
import type { TestBrowser } from './use-browser.ts';

const PAGE_FILE = new URL('../../web-client/index.html', import.meta.url);

/** A page in a separate browser profile, and every incident on it that should not occur. */
export interface OpenedPage {
  readonly page: Page;
  /** Uncaught errors, dialogs, and what the Content-Security-Policy had to stop. */
  readonly incidents: readonly string[];
  readonly close: () => Promise<void>;
}

export interface OpenOptions extends BrowserContextOptions {
  /** May set traps on the page before it loads. */
  readonly before?: (page: Page) => Promise<unknown>;
}

export async function openPage(
  browser: TestBrowser,
  url: string,
  options: OpenOptions = {},
): Promise<OpenedPage> {
  const { before, ...contextOptions } = options;
  const context = await browser.newContext(contextOptions);
  const page = await context.newPage();
  const incidents: string[] = [];
  page.on('pageerror', (error) => incidents.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    incidents.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/.test(message.text())) {
      incidents.push(`policy: ${message.text()}`);
    }
  });
  await before?.(page);
  await page.goto(url);
  return { page, incidents, close: () => context.close() };
}

/** The page of the relay, connected as this client. */
export async function openConnected(
  browser: TestBrowser,
  { relayUrl }: { readonly relayUrl: string },
  clientId: string,
  options?: OpenOptions,
): Promise<OpenedPage> {
  const opened = await openPage(browser, `${relayUrl}/?clientId=${clientId}`, options);
  await connectedAs(opened.page, clientId);
  return opened;
}

/** The address of the page on disk, with these query parameters. */
export function pageOnDisk(query: Readonly<Record<string, string>> = {}): string {
  const url = new URL(PAGE_FILE);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/** Resolves when the page shows that it is connected as this client. */
export async function connectedAs(page: Page, clientId: string): Promise<void> {
  await page
    .getByRole('status')
    .filter({ hasText: `Connected as ${clientId}` })
    .waitFor();
}

/** The list's messages, without the notices between them. */
export function messagesOn(page: Page): Locator {
  return page.getByRole('log').locator('li.message');
}

/** The texts of the messages, in order, once there are at least `count`. */
export async function textsOnceThereAre(page: Page, count: number): Promise<string[]> {
  const texts = messagesOn(page).locator('.message-text');
  return waitUntil(`${count} messages are on the page`, async () => {
    const found = await texts.allTextContents();
    return found.length >= count && found;
  });
}

/** The offsets of the messages, in order. */
export async function offsetsOn(page: Page): Promise<number[]> {
  return page.evaluate<number[]>(
    `Array.from(document.querySelectorAll('li.message'), (item) => Number(item.dataset.offset))`,
  );
}
