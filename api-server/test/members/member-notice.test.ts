import { BusUnavailableError } from '@postline/message-bus';
import { waitUntil } from '@postline/test-support';
import supertest from 'supertest';
import { expect, it } from 'vitest';
import { createMemberNotice } from '../../src/members/member-notice.ts';
import { startTestApi } from '../support/start-test-api.ts';

const ANNA = '/groups/news/members/anna';

it('[GRP-16] changes during a notice share the next one, and a bus that is away or frozen stops nothing', async () => {
  const channels: string[] = [];
  const bus = [
    () => Promise.resolve(),
    () => Promise.reject(new BusUnavailableError('away')),
    () => new Promise<void>(() => undefined),
  ];
  const notify = (channel: string) => {
    channels.push(channel);
    return bus[channels.length - 1]?.() ?? Promise.resolve();
  };
  const notice = createMemberNotice({ publisher: { notify }, hintDeadlineMs: 10 });
  for (let change = 0; change < 5; change += 1) notice.runNow();
  await waitUntil('two notices', () => channels.length === 2);
  notice.runNow();
  await waitUntil('a notice after a failed one', () => channels.length === 3);
  notice.runNow();
  await waitUntil('a notice after a frozen one', () => channels.length === 4);
  await notice.stop();
  expect(new Set(channels)).toEqual(new Set(['members']));
});

it('[GRP-16] relays are notified after the commit, once for what changed together, and only then', async () => {
  const channels: string[] = [];
  const watched = await startTestApi({
    publisher: {
      publish: () => Promise.resolve(),
      notify: (channel) => {
        channels.push(channel);
        return Promise.resolve();
      },
      checkReady: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
  });
  await supertest(watched.url).put(ANNA).expect(201);
  await waitUntil('the notice', () => channels.length === 1);
  await supertest(watched.url).put(ANNA).expect(200);
  await supertest(watched.url).delete(ANNA).expect(204);
  await waitUntil('the second notice', () => channels.length === 2);
  expect(channels).toEqual(['members', 'members']);
  await watched.close();
});

/** `close` waits for it. */
const HINT_DEADLINE_MS = 3_000;

it('[GRP-16] with Redis frozen a join is answered at once', async () => {
  const frozen = () => new Promise<void>(() => undefined);
  const slow = await startTestApi({
    publisher: { publish: frozen, notify: frozen, checkReady: frozen, close: () => Promise.resolve() },
    env: { HINT_DEADLINE_MS: `${HINT_DEADLINE_MS}` },
  });
  const startMs = performance.now();
  expect((await supertest(slow.url).put(ANNA)).status).toBe(201);
  expect(performance.now() - startMs).toBeLessThan(HINT_DEADLINE_MS);
  await slow.close();
});
