/** What the page says to the API's answers. The test plays the API, for a page from disk. */
import { type Page, type Route, waitUntil } from '@postline/test-support';
import { expect, it } from 'vitest';
import { openPage, pageOnDisk } from './opened-page.ts';
import { useBrowser } from './use-browser.ts';

const API_URL = 'http://localhost:8080/';
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'content-type, idempotency-key',
  'access-control-expose-headers': 'Idempotent-Replayed, Retry-After',
};
const ACCEPTED = { id: '9', targetId: '1', offset: 3, createdAt: '2026-11-23T00:00:00.000Z', status: 'sent' };
const STORE_UNAVAILABLE = {
  type: 'problems/store_unavailable',
  title: 'The database does not answer',
  status: 503,
  detail: 'Nothing came within its deadline.',
  code: 'store_unavailable',
};

const browser = useBrowser();

interface SentRequest {
  readonly key: string | undefined;
  readonly body: unknown;
}

/** Opens the page with an API that gives these answers in turn. */
async function openSending(answers: readonly ((route: Route) => Promise<void>)[]) {
  const requests: SentRequest[] = [];
  const opened = await openPage(browser, pageOnDisk(), {
    before: (page) =>
      page.route(API_URL, async (route) => {
        if (route.request().method() === 'OPTIONS') return route.fulfill({ status: 204, headers: CORS });
        const headers = await route.request().allHeaders();
        requests.push({ key: headers['idempotency-key'], body: route.request().postDataJSON() });
        return answers[requests.length - 1]?.(route);
      }),
  });
  return { ...opened, requests };
}

function answer(status: number, json: unknown, headers: Readonly<Record<string, string>> = {}) {
  return (route: Route) => route.fulfill({ status, json, headers: { ...CORS, ...headers } });
}

async function send(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
}

it('[PAGE-7] a retry keeps its Idempotency-Key, whether there was an answer or not; the next message has another', async () => {
  const { page, requests, close } = await openSending([
    (route) => route.abort('connectionreset'),
    answer(503, STORE_UNAVAILABLE, { 'Retry-After': '2' }),
    answer(201, ACCEPTED, { 'Idempotent-Replayed': 'true' }),
    answer(201, { ...ACCEPTED, offset: 4 }),
  ]);
  await send(page, 'once');
  await page.getByText('No answer from the API').waitFor();
  await page.getByText('The message may have been stored or not.').waitFor();
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByText('The database does not answer').first().waitFor();
  await page.getByText('Send it again (in 2 s or later)').waitFor();
  await page.getByRole('button', { name: 'Send again' }).click();
  await page.getByText('Accepted: offset 3 in the log of 1').waitFor();
  await page.getByText('nothing was stored twice').waitFor();
  expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('');
  await send(page, 'once');
  await page.getByText('Accepted: offset 4 in the log of 1').waitFor();

  expect(requests.map(({ body }) => body)).toEqual(Array(4).fill({ message: 'once', targetId: 1 }));
  const keys = requests.map(({ key }) => key);
  expect(keys[0]).toMatch(/^[\x21-\x7e]{20,255}$/);
  expect(keys.slice(0, 3)).toEqual([keys[0], keys[0], keys[0]]);
  expect(keys[3]).not.toBe(keys[0]);
  await close();
});

it('[PAGE-7] a changed message is another message, with a key of its own', async () => {
  const { page, requests, close } = await openSending([
    answer(503, STORE_UNAVAILABLE),
    answer(201, ACCEPTED),
  ]);
  await send(page, 'first wording');
  await page.getByRole('button', { name: 'Send again' }).waitFor();
  await send(page, 'second wording');
  await page.getByText('Accepted').waitFor();
  expect(new Set(requests.map(({ key }) => key)).size).toBe(2);
  await close();
});

it('[PAGE-7] a problem is told with its detail and every field; the text stays in the form', async () => {
  const problem = {
    title: 'The request is not valid',
    detail: 'One field is not valid.',
    errors: [{ path: 'targetId', message: 'must be <b>an id</b>' }],
  };
  const { page, incidents, close } = await openSending([answer(400, problem)]);
  await page.getByLabel('To (target id)').fill('-');
  await send(page, 'kept');
  const region = page.getByRole('status').filter({ hasText: 'The request is not valid' });
  await region.getByText('One field is not valid.').waitFor();
  await region.getByRole('listitem').filter({ hasText: 'targetId must be <b>an id</b>' }).waitFor();
  await region.getByText(/^400 · \d+ ms$/).waitFor();
  expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('kept');
  await page.getByLabel('To (target id)').fill('anna');
  expect(await page.locator('.answer, .answer-raw').locator('visible=true').count()).toBe(0);
  expect(incidents).toEqual([]);
  await close();
});

it('[PAGE-7] what is no answer of the API (a proxy, say) is shown as it came, as text', async () => {
  const { page, incidents, close } = await openSending([
    (route) =>
      route.fulfill({
        status: 502,
        headers: CORS,
        contentType: 'text/html',
        body: '<h1 id="proxy">Bad</h1>',
      }),
  ]);
  await send(page, 'x');
  await page.getByText('This answer is not from the API').waitFor();
  await page.getByText('<h1 id="proxy">Bad</h1>').waitFor();
  expect(await page.locator('#proxy').count()).toBe(0);
  expect(incidents).toEqual([]);
  await close();
});

it('[PAGE-17] the delays of the last 50 messages are a picture with medians, and what two clocks make absurd is left out', async () => {
  const answered = Array.from({ length: 52 }, (_, index) =>
    index === 0
      ? answer(201, ACCEPTED) // of another clock
      : (route: Route) =>
          route.fulfill({
            status: 201,
            headers: CORS,
            json: { ...ACCEPTED, createdAt: new Date().toISOString() },
          }),
  );
  const { page, incidents, close } = await openSending(answered);
  const figure = page.getByRole('figure');
  const text = page.getByLabel('Message', { exact: true });
  await send(page, 'first');
  await figure.getByText('of one message').waitFor();
  const medians = figure.getByRole('listitem');
  await medians.filter({ hasText: 'stored –' }).waitFor();
  await medians.filter({ hasText: /answered \d+(\.\d)? ms/ }).waitFor();
  for (let n = 1; n < 52; n += 1) {
    await send(page, `n ${n}`);
    await waitUntil('the message is accepted', async () => (await text.inputValue()) === '');
  }
  await figure.getByText('medians of the last 50 messages').waitFor();
  await medians.filter({ hasText: /stored \d+(\.\d)? ms/ }).waitFor();
  expect(await figure.getByRole('img').getAttribute('aria-label')).toMatch(
    /^Delays of 50 messages, the slowest /,
  );
  expect(await figure.locator('svg.delay-picture g').count()).toBe(50);
  expect(incidents).toEqual([]);
  await close();
});
