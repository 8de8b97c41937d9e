/** What the page does when its connection misbehaves. The test plays the relay, on the socket of a page from disk. */
import { type Locator, type Page, waitUntil, type WebSocketRoute } from '@postline/test-support';
import { expect, it } from 'vitest';
import { connectedAs, offsetsOn, openPage, pageOnDisk, textsOnceThereAre } from './opened-page.ts';
import { useBrowser } from './use-browser.ts';

const CREATED_AT = '2026-11-23T00:00:00.000Z';
const EPOCH = 'epoch-1';
const MORE_THAN_THE_PAGE_KEEPS = 520;
const KEPT = 500;

const browser = useBrowser();

type Frame = Readonly<Record<string, unknown>>;

/** One connection of the page's, seen from the relay's side. */
interface Visit {
  readonly socket: WebSocketRoute;
  readonly received: Frame[];
  say(frame: Frame): void;
  identified(at: { offset: number; head: number; recovered?: boolean; epoch?: string }): void;
  message(offset: number): void;
}

interface Visited {
  readonly page: Page;
  /** The n-th connection (1, 2, …), once it has identified itself. */
  readonly visit: (n: number) => Promise<Visit>;
  readonly count: () => number;
  readonly close: () => Promise<void>;
}

async function openVisited(clientId: string, before?: (page: Page) => Promise<unknown>): Promise<Visited> {
  const visits: Visit[] = [];
  const { page, close } = await openPage(browser, pageOnDisk({ clientId }), {
    before: async (opened) => {
      await opened.routeWebSocket(/.*/, (socket) => visits.push(visitOn(socket, clientId)));
      await before?.(opened);
    },
  });
  return {
    page,
    close,
    count: () => visits.length,
    visit: (n) =>
      waitUntil(`connection ${n} identifies itself`, () => {
        const visit = visits[n - 1];
        return visit?.received.some((frame) => frame['type'] === 'identify') === true && visit;
      }),
  };
}

function visitOn(socket: WebSocketRoute, targetId: string): Visit {
  const received: Frame[] = [];
  let epochNow = EPOCH;
  socket.onMessage((text) => received.push(JSON.parse(String(text)) as Frame));
  const say = (frame: Frame) => {
    socket.send(JSON.stringify(frame));
  };
  return {
    socket,
    received,
    say,
    identified: ({ offset, head, recovered = true, epoch = EPOCH }) => {
      epochNow = epoch;
      const targets = { [targetId]: { offset, head, recovered } };
      say({
        type: 'identified',
        clientId: targetId,
        connectionId: 'c',
        epoch,
        heartbeatSeconds: 25,
        targets,
      });
    },
    message: (offset) => {
      const data = `text ${offset}`;
      say({
        type: 'new_message',
        id: `${offset}`,
        targetId,
        offset,
        epoch: epochNow,
        data,
        createdAt: CREATED_AT,
      });
    },
  };
}

function troubleOn(page: Page): Locator {
  return page.locator('.trouble');
}

it('[PAGE-5] a reconnect resumes after the last message shown, and a repeated one is not shown again', async () => {
  const { page, visit, close } = await openVisited('1');
  const first = await visit(1);
  expect(first.received).toEqual([{ type: 'identify', clientId: '1', groups: true, resume: { last: 50 } }]);
  first.identified({ offset: 40, head: 40 });
  first.message(41);
  await textsOnceThereAre(page, 1);
  await first.socket.close({ code: 1012 });

  const second = await visit(2);
  expect(second.received[0]).toEqual({
    type: 'identify',
    clientId: '1',
    groups: true,
    resume: { epoch: EPOCH, offsets: { '1': 41 }, at: { '1': { id: '41', createdAt: CREATED_AT } } },
  });
  second.identified({ offset: 41, head: 42 });
  for (const offset of [41, 42, 42, 43]) second.message(offset);
  await textsOnceThereAre(page, 3);
  expect(await offsetsOn(page)).toEqual([41, 42, 43]);
  await page.getByText('Connected again. One message arrived in the meantime:').waitFor();
  const origins = `Array.from(document.querySelectorAll('li.message'), (item) => item.dataset.origin)`;
  expect(await page.evaluate(origins)).toEqual(['live', 'missed', 'live']);
  await close();
});

it('[PAGE-16] a frame is shown with the bytes that came, whatever the page reads of it', async () => {
  const { page, visit, close } = await openVisited('bytes');
  const first = await visit(1);
  first.identified({ offset: 0, head: 0 });
  const frame = `{ "novelty":[1.0],"data":"\\u0068i <b>","type" : "new_message","offset":1e0, "id":"7","targetId":"bytes","epoch":"${EPOCH}","createdAt":"${CREATED_AT}"}`;
  first.socket.send(frame);
  await page.getByRole('button', { name: 'Frame of message 1' }).click();
  expect(await page.getByLabel('Frame of message 1, as the relay sent it').textContent()).toBe(frame);
  expect(await textsOnceThereAre(page, 1)).toEqual(['hi <b>']);
  await close();
});

it('[PAGE-5] a message that comes before the one it follows is not shown: the page asks again', async () => {
  const { page, visit, close } = await openVisited('anna');
  const first = await visit(1);
  first.identified({ offset: 0, head: 0 });
  first.message(1);
  first.message(3);
  const second = await visit(2);
  expect(second.received[0]?.['resume']).toEqual({
    epoch: EPOCH,
    offsets: { anna: 1 },
    at: { anna: { id: '1', createdAt: CREATED_AT } },
  });
  second.identified({ offset: 1, head: 3 });
  second.message(2);
  second.message(3);
  await textsOnceThereAre(page, 3);
  expect(await offsetsOn(page)).toEqual([1, 2, 3]);
  await close();
});

it('[PAGE-5] a restarted log and deleted messages are told in words', async () => {
  const { page, visit, close } = await openVisited('1');
  const first = await visit(1);
  first.identified({ offset: 6, head: 6 });
  first.message(7);
  await textsOnceThereAre(page, 1);
  await first.socket.close({ code: 4003 });
  const second = await visit(2);
  second.identified({ offset: 0, head: 5, recovered: false, epoch: 'epoch-2' });
  second.say({ type: 'truncated', targetId: '1', from: 1, to: 4 });
  second.message(5);
  await textsOnceThereAre(page, 2);
  const log = page.getByRole('log');
  await log.getByText('The log was restarted: the following messages may have been shown before.').waitFor();
  await log.getByText('Messages 1 to 4 were deleted by the retention rule').waitFor();
  expect(await offsetsOn(page)).toEqual([7, 5]);
  await close();
});

it('[PAGE-5] a close that means "do not reconnect" stops the page and says why; Connect tries again', async () => {
  const { page, visit, count, close } = await openVisited('1');
  const first = await visit(1);
  first.say({ type: 'error', code: 'unauthorized', message: 'A token is required' });
  await first.socket.close({ code: 4501 });
  await page.getByRole('status').filter({ hasText: 'Connection ended' }).waitFor();
  await troubleOn(page).getByText('The relay says: A token is required (unauthorized, code 4501).').waitFor();
  expect((await page.evaluate<string>('document.body.innerText')).match(/A token is required/g)).toHaveLength(
    1,
  );
  await page.evaluate(`window.dispatchEvent(new Event('online'))`);
  expect(count()).toBe(1);
  await page.getByRole('button', { name: 'Connect' }).click();
  (await visit(2)).identified({ offset: 0, head: 0 });
  await connectedAs(page, '1');
  await close();
});

it('[PAGE-5] silence for more than two heartbeats counts as a broken connection; heartbeats keep it', async () => {
  const { page, visit, count, close } = await openVisited('1', (opened) => opened.clock.install());
  const first = await visit(1);
  first.identified({ offset: 0, head: 0 });
  await connectedAs(page, '1');
  for (let beat = 0; beat < 4; beat += 1) {
    await page.clock.runFor(24_000);
    first.say({ type: 'heartbeat' });
    await page.evaluate('0'); // the frame is in the page before its clock goes on
  }
  expect(count()).toBe(1);
  await page.clock.runFor(52_000);
  await troubleOn(page).getByText('The relay has been silent for too long.').waitFor();
  await page.clock.runFor(1_001);
  (await visit(2)).identified({ offset: 0, head: 0 });
  await connectedAs(page, '1');
  await close();
});

it.each([
  ['is shown again', 'visibilitychange'],
  ['is thawed', 'resume'],
])(
  '[PAGE-5] when the network is back or the tab %s, a dead connection is found within seconds',
  async (_, event) => {
    const { page, visit, close } = await openVisited('1', (opened) => opened.clock.install());
    const first = await visit(1);
    first.identified({ offset: 0, head: 0 });
    await connectedAs(page, '1');
    await page.evaluate(`window.dispatchEvent(new Event('online'))`);
    await waitUntil('the page asks whether the relay is there', () =>
      first.received.some((frame) => frame['type'] === 'ping'),
    );
    await page.clock.runFor(5_001);
    await page.getByRole('status').filter({ hasText: 'Connection lost' }).waitFor();
    // Coming back cuts the wait short: the page's clock stands still now, and it connects all the same.
    await page.evaluate(`document.dispatchEvent(new Event('${event}'))`);
    (await visit(2)).identified({ offset: 0, head: 0 });
    await connectedAs(page, '1');
    await close();
  },
);

it('[PAGE-10] every change of the connection has an entry with its time; attempts in a row share one entry', async () => {
  const { page, visit, close } = await openVisited('1');
  const entries = () => page.locator('.history-words').allTextContents();
  (await visit(1)).identified({ offset: 0, head: 2 });
  (await visit(1)).message(1);
  (await visit(1)).message(2);
  await connectedAs(page, '1');
  expect(await entries()).toEqual([
    'Live as 1',
    'Connected; receiving 2 messages from the log',
    'Connecting as 1',
  ]);
  const lost = [
    'Connection lost. The',
    'Connection lost; one attempt to reconnect failed. The',
    'Connection lost; 2 attempts to reconnect failed. The',
  ];
  for (const [index, words] of lost.entries()) {
    await (await visit(index + 1)).socket.close({ code: 1013 });
    await waitUntil(words, async () => (await entries())[0] === `${words} relay is overloaded. (code 1013)`);
    await page.evaluate(`window.dispatchEvent(new Event('online'))`); // no need to wait for the next try
  }
  (await visit(4)).identified({ offset: 2, head: 2 });
  await connectedAs(page, '1');
  await page.getByRole('button', { name: 'Disconnect' }).click();
  expect((await entries()).slice(0, 2)).toEqual(['Disconnected', 'Live as 1']);
  expect(await page.locator('.history time').count()).toBe((await entries()).length);
  await close();
});

it('[PAGE-10] a page that finds no relay says so, and what it needs', async () => {
  const { page, visit, close } = await openVisited('1');
  await (await visit(1)).socket.close({ code: 1006 });
  await page.getByText('Looking for the relay').waitFor();
  await troubleOn(page).getByText('Trying again').waitFor();
  await page.getByRole('button', { name: 'Try now' }).click();
  (await visit(2)).identified({ offset: 0, head: 0 });
  await page.getByText('Waiting for the first message').waitFor();
  expect(await troubleOn(page).isVisible()).toBe(false);
  await close();
});

it('[PAGE-6] the list is bounded, and a reader further up is told of new messages instead of being moved', async () => {
  const { page, visit, close } = await openVisited('1');
  const relay = await visit(1);
  relay.identified({ offset: 0, head: MORE_THAN_THE_PAGE_KEEPS });
  for (let offset = 1; offset <= MORE_THAN_THE_PAGE_KEEPS; offset += 1) relay.message(offset);
  await page.getByText(`text ${MORE_THAN_THE_PAGE_KEEPS}`, { exact: true }).waitFor();
  const offsets = await offsetsOn(page);
  expect(offsets).toHaveLength(KEPT);
  expect(offsets[0]).toBe(MORE_THAN_THE_PAGE_KEEPS - KEPT + 1);
  await page
    .getByText('Showing the newest 500 messages. 20 older ones left this page')
    .waitFor({ state: 'attached' });

  const scrollTop = () => page.evaluate<number>(`document.querySelector('.log').scrollTop`);
  expect(await scrollTop()).toBeGreaterThan(0); // it followed to the end
  await page.getByRole('log').press('Home');
  await waitUntil('the reader is at the top', async () => (await scrollTop()) === 0);
  relay.message(MORE_THAN_THE_PAGE_KEEPS + 1);
  await page.getByRole('button', { name: '1 new message' }).click();
  await page.getByText(`text ${MORE_THAN_THE_PAGE_KEEPS + 1}`, { exact: true }).waitFor();
  expect(await page.getByRole('button', { name: 'new message' }).isVisible()).toBe(false);
  await close();
});
