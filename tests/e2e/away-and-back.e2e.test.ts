import { publish, RelayClient, startApi, startRelay } from '@postline/test-support';
import { expect, it } from 'vitest';
import { freshServers } from './system.ts';

it('[DEL-4] a client that was away while everything was restarted gets what it missed, in order, once', async () => {
  const { servers, database } = await freshServers();
  let api = await startApi(servers);
  let relay = await startRelay(servers);

  const before = await RelayClient.identified(relay.url, { clientId: 7 });
  await publish(api.url, { message: 'seen', targetId: 7 });
  await before.messagesOnceThereAre(1);
  const { epoch } = await before.frame('identified');
  await before.close();

  await publish(api.url, { message: 'missed 1', targetId: 7 });
  expect(await Promise.all([api.stop(), relay.stop()])).toEqual([0, 0]);
  api = await startApi(servers);
  relay = await startRelay(servers);
  await publish(api.url, { message: 'missed 2', targetId: 7 });

  const after = await RelayClient.identified(relay.url, {
    clientId: 7,
    resume: { epoch: epoch as string, offsets: { '7': 1 } },
  });
  expect((await after.frame('identified'))['targets']).toEqual({
    '7': { offset: 1, head: 3, recovered: true },
  });
  const missed = await after.messagesOnceThereAre(2);
  expect(missed.map((frame) => [frame['offset'], frame['data']])).toEqual([
    [2, 'missed 1'],
    [3, 'missed 2'],
  ]);
  await publish(api.url, { message: 'live', targetId: 7 });
  expect((await after.messagesOnceThereAre(3)).map((frame) => frame['offset'])).toEqual([2, 3, 4]);

  await after.close();
  await Promise.all([api.stop(), relay.stop()]);
  await database.drop();
});
