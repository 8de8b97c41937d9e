import { type Browser, launchChromium } from '@postline/test-support';
import { afterAll, beforeAll } from 'vitest';

/** The browser of a file's tests. */
export type TestBrowser = Pick<Browser, 'newContext'>;

/** A browser for the tests of this file. */
export function useBrowser(): TestBrowser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  return {
    newContext: (options) => {
      if (browser === undefined) throw new Error('the browser starts before the first test');
      return browser.newContext(options);
    },
  };
}
