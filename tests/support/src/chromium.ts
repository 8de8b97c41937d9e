import { type Browser, chromium } from 'playwright-core';
import { findProgram } from './find-program.ts';

export type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  CDPSession,
  Locator,
  Page,
  Route,
  WebSocketRoute,
} from 'playwright-core';

/** No sandbox, because tests run as root in containers; no background traffic of the browser. */
const ARGUMENTS = [
  '--no-sandbox',
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the system's Chromium with an empty profile in a temp folder; `close` removes it. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome');
  return chromium.launch({ executablePath, args: ARGUMENTS });
}
