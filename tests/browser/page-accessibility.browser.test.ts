/** The page for everyone: names for all that can be used, contrast, narrow screens. */
import type { Page } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import { accessibilityFindings } from './accessibility-findings.ts';
import { type OpenOptions, openPage, pageOnDisk } from './opened-page.ts';
import { useBrowser } from './use-browser.ts';

const TEXT_CONTRAST_MIN = 4.5;
const NARROW_PIXELS = 320;
const TARGET_PIXELS_MIN = 24;

const browser = useBrowser();

/** Shows every part of the page at once: messages of both origins, a notice, trouble, an answer, a problem. */
async function openWithEverything(options: OpenOptions = {}, answer: ApiAnswer = REFUSED) {
  const opened = await openPage(browser, pageOnDisk({ clientId: '1' }), {
    ...options,
    before: async (page) => {
      await page.routeWebSocket(/.*/, (socket) => {
        socket.onMessage(() => {
          for (const frame of FRAMES) socket.send(JSON.stringify(frame));
          void socket.close({ code: 4510 });
        });
      });
      await page.route('http://localhost:8080/', (route) =>
        route.fulfill({
          ...answer,
          headers: { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' },
        }),
      );
    },
  });
  const { page } = opened;
  await page.getByText('The relay says: Ended').first().waitFor();
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('#answer').waitFor();
  await page.getByLabel('Client id').fill('?');
  await page.getByRole('button', { name: 'Connect' }).click();
  await page.getByText('From a terminal').click();
  await page.evaluate(`for (const element of document.querySelectorAll('#open-notice, .jump, .list-note')) {
    element.hidden = false; element.textContent ||= 'Shown for the test';
  }`);
  return opened;
}

interface ApiAnswer {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

const REFUSED: ApiAnswer = {
  status: 400,
  json: { title: 'Not valid', detail: 'One field.', errors: [{ path: 'message', message: 'is empty' }] },
};
const ACCEPTED: ApiAnswer = {
  status: 201,
  json: { id: '2', targetId: '1', offset: 2, createdAt: '2026-11-23T00:00:00.000Z', status: 'stored' },
};

const TARGETS = { '1': { offset: 0, head: 1, recovered: true } };
const MESSAGE = { type: 'new_message', targetId: '1', epoch: 'e', createdAt: '2026-11-23T00:00:00.000Z' };
const FRAMES = [
  {
    type: 'identified',
    clientId: '1',
    connectionId: 'c',
    epoch: 'e',
    heartbeatSeconds: 25,
    targets: TARGETS,
  },
  { ...MESSAGE, id: '1', offset: 1, data: 'caught up' },
  { ...MESSAGE, id: '2', offset: 2, data: `live ${'W'.repeat(400)} https://example.com/${'a'.repeat(300)}` },
  { type: 'error', code: 'disconnected', message: 'Ended' },
];

interface TextColours {
  readonly text: string;
  readonly colour: string;
  /** From the element outwards, up to the first one that is opaque. */
  readonly backgrounds: readonly string[];
}

/** Every piece of text that is visible, with its colour and what is behind it. */
function readTextColours(page: Page): Promise<TextColours[]> {
  return page.evaluate<TextColours[]>(`(() => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const text = walker.currentNode.textContent.trim();
      if (text === '' || !element.checkVisibility() || element.closest('.visually-hidden, script, noscript')) continue;
      const backgrounds = [];
      for (let outer = element; outer; outer = outer.parentElement) backgrounds.push(getComputedStyle(outer).backgroundColor);
      found.push({ text: text.slice(0, 40), colour: getComputedStyle(element).color, backgrounds });
    }
    return found;
  })()`);
}

/** Relative luminance of an opaque \`rgb(…)\`, by the formula of WCAG 2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = Array.from(colour.matchAll(/[\d.]+/g), ([part]) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast({ colour, backgrounds }: TextColours): number {
  const background = backgrounds.find((behind) => !behind.startsWith('rgba(')) ?? 'rgb(255, 255, 255)';
  const [high, low] = [luminance(colour), luminance(background)].sort((a, b) => b - a);
  return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
}

describe.each(['light', 'dark'] as const)('in the %s scheme', (colorScheme) => {
  it.each([REFUSED, ACCEPTED])(
    '[PAGE-8] every text has a contrast of at least 4.5, and axe finds nothing, answer $status',
    async (answer) => {
      const { page, close } = await openWithEverything({ colorScheme, reducedMotion: 'reduce' }, answer);
      const texts = await readTextColours(page);
      expect(texts.length).toBeGreaterThan(30);
      const weak = texts.filter((text) => contrast(text) < TEXT_CONTRAST_MIN);
      expect(weak.map((text) => `${text.text}: ${contrast(text).toFixed(2)}`)).toEqual([]);
      expect(await accessibilityFindings(page)).toEqual([]);
      await close();
    },
  );
});

it('[PAGE-8] everything that can be used has a name, and is large enough to hit', async () => {
  const { page, close } = await openWithEverything();
  const controls = await page.locator('input, textarea, button, a, summary, [tabindex="0"]').all();
  expect(controls.length).toBeGreaterThan(10);
  for (const control of controls) {
    const [role = '', rest = ''] = (await control.ariaSnapshot()).replace(/^- /, '').split(/ (.*)/s);
    if (role === '') continue; // not visible
    expect(rest, `${role} has a name`).toMatch(/^"[^"]+"|^\w/);
    const box = await control.boundingBox();
    const isInText = role === 'link';
    if (!isInText) expect(box?.height, `height of ${rest}`).toBeGreaterThanOrEqual(TARGET_PIXELS_MIN - 4);
  }
  for (const label of ['Client id', 'To (target id)', 'Message']) {
    expect(await page.getByLabel(label, { exact: true }).count(), label).toBe(1);
  }
  await close();
});

it('[PAGE-8] landmarks, headings and live regions are there, and ids are unique', async () => {
  const { page, close } = await openWithEverything();
  for (const role of ['banner', 'main', 'log'] as const)
    expect(await page.getByRole(role).count(), role).toBe(1);
  const levels = `Array.from(document.querySelectorAll('h1, h2, h3'), (heading) => heading.tagName)`;
  expect(await page.evaluate(levels)).toEqual(['H1', 'H2', 'H2']);
  expect(await page.getByRole('region').count()).toBe(2);
  const ids = await page.evaluate<string[]>(
    `Array.from(document.querySelectorAll('[id]'), (element) => element.id)`,
  );
  expect(ids).toEqual([...new Set(ids)]);
  expect(await page.getByRole('alert').textContent()).toContain('An id has');
  expect(await page.getByLabel('Client id').getAttribute('aria-invalid')).toBe('true');
  await close();
});

it('[PAGE-8] nothing sticks out at 320 pixels', async () => {
  const { page, close } = await openWithEverything({ viewport: { width: NARROW_PIXELS, height: 640 } });
  const widest = await page.evaluate<number>(`document.documentElement.scrollWidth`);
  expect(widest).toBe(NARROW_PIXELS);
  const log = await page.evaluate<number[]>(
    `(({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth])(document.querySelector('.log'))`,
  );
  expect(log[0]).toBe(log[1]);
  await close();
});

it.each([
  [390, 844],
  [320, 640],
])('[PAGE-8] on a phone of %i x %i the messages begin in the upper third', async (width, height) => {
  const { page, close } = await openPage(browser, pageOnDisk({ clientId: '1' }), {
    viewport: { width, height },
    before: (opened) => opened.routeWebSocket(/.*/, () => undefined),
  });
  await page.evaluate(`document.getElementById('open-notice').hidden = false`);
  const pane = await page.getByRole('region', { name: 'Client 1' }).boundingBox();
  expect(pane?.y).toBeLessThanOrEqual(height / 3);
  await close();
});
