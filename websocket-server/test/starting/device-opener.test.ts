import { RelayClient, waitUntil } from '@postline/test-support';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeviceOpener } from '../../src/starting/device-opener.ts';
import { databaseAway, ModelStore } from '../support/model-store.ts';
import { startTestRelay, type TestRelay } from '../support/start-test-relay.ts';

describe('DeviceOpener', () => {
  let store: ModelStore;
  let devices: DeviceOpener;

  beforeEach(() => {
    vi.useFakeTimers();
    store = new ModelStore();
    devices = new DeviceOpener(store);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const opening = (client: number) => ({
    clientId: `c${client}`,
    deviceId: 'd',
    targetIds: [`c${client}`],
  });

  it('[ACK-4] devices that come together are asked for together, each gets its own answer', async () => {
    for (let client = 0; client < 600; client += 1) store.appendMany(`c${client}`, client % 5);
    const opened = Promise.all(Array.from({ length: 600 }, (_, client) => devices.read(opening(client))));
    await vi.advanceTimersByTimeAsync(10);
    const answers = await opened;
    expect(store.openings.map((openings) => openings.length)).toEqual([256, 256, 88]);
    expect(answers.every((answer, client) => answer.get(`c${client}`)?.offset === client % 5)).toBe(true);
  });

  it('those that come while it works are asked for next', async () => {
    store.beforeAnswer = () => new Promise((answer) => setTimeout(answer, 50));
    const first = devices.read(opening(1));
    await vi.advanceTimersByTimeAsync(10);
    const later = [devices.read(opening(2)), devices.read(opening(3))];
    await vi.advanceTimersByTimeAsync(100);
    await Promise.all([first, ...later]);
    expect(store.openings.map((openings) => openings.length)).toEqual([1, 2]);
  });

  it('[DEL-18] a client with a thousand devices delays no other client by more than a statement', async () => {
    const kiosks = Array.from({ length: 1_000 }, (_, device) =>
      devices.read({ ...opening(0), deviceId: `d${device}` }),
    );
    const others = [devices.read(opening(1)), devices.read(opening(2))];
    await vi.advanceTimersByTimeAsync(10);
    await Promise.all([...kiosks, ...others]);
    expect(store.openings[0]?.slice(0, 4).map(({ clientId }) => clientId)).toEqual(['c0', 'c1', 'c2', 'c0']);
    expect(store.openings.map((openings) => openings.length)).toEqual([256, 256, 256, 234]);
  });

  it('[DEL-16] while the database is away each call rejects, and a later call asks again', async () => {
    store.beforeRead = databaseAway;
    const outcomes = Promise.allSettled([devices.read(opening(1)), devices.read(opening(2))]);
    await vi.advanceTimersByTimeAsync(10);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    store.beforeRead = () => Promise.resolve();
    const again = devices.read(opening(1));
    await vi.advanceTimersByTimeAsync(10);
    expect((await again).get('c1')).toEqual({ epoch: 'epoch-1', offset: 0 });
  });
});

describe('devices on a real port', () => {
  let relay: TestRelay;
  beforeEach(async () => {
    relay = await startTestRelay();
  });
  afterEach(() => relay.close());

  const comeBack = (deviceId: string, clientId = '1') =>
    RelayClient.identified(relay.url, { clientId, deviceId, resume: 'last-ack' });

  const startOf = async (client: RelayClient, clientId = '1') =>
    ((await client.frame('identified'))['targets'] as Record<string, { offset: number; head: number }>)[
      clientId
    ];

  /** Comes, acks, goes. */
  async function visit(deviceId: string, offset: number): Promise<void> {
    const client = await comeBack(deviceId);
    client.send({ type: 'ack', offset });
    await client.settled();
    await client.close();
  }

  it('[ACK-5] the 101st device of a client takes the place of the longest unused', async () => {
    await relay.append('1', 'a', 'b', 'c');
    const names = Array.from({ length: 100 }, (_, index) => `d${String(index).padStart(3, '0')}`);
    for (const name of names) await visit(name, 3);
    await visit('d000', 3); // used again
    await relay.append('1', 'd');
    const other = await comeBack('d001', '2'); // another client's, which doesn't count
    await (await comeBack('one-more')).close();
    const [used, dropped] = [await comeBack('d000'), await comeBack('d001')];
    expect(await startOf(used)).toMatchObject({ offset: 3, head: 4 });
    expect(await startOf(dropped)).toMatchObject({ offset: 4, head: 4 });
    expect(await relay.receipts('1')).toHaveLength(98); // d001 begins anew in the place of d002; one-more never acked
    await Promise.all([other, used, dropped].map((client) => client.close()));
  }, 30_000);

  it('[ACK-4] an ack of a moment ago counts on the same relay, and devices don’t share', async () => {
    const [tv, phone] = [await comeBack('tv'), await comeBack('phone')];
    await relay.publish('1', 'a', 'b', 'c');
    await Promise.all([tv.messagesOnceThereAre(3), phone.messagesOnceThereAre(3)]);
    tv.send({ type: 'ack', offset: 2 });
    await tv.close();
    const back = await comeBack('tv');
    expect(await startOf(back)).toEqual({ offset: 2, head: 3, recovered: true });
    phone.send({ type: 'ack', offset: 3 });
    await phone.close();
    expect(await startOf(await comeBack('phone'))).toMatchObject({ offset: 3 });
    expect(await relay.receipts('1')).toEqual(['phone: 3', 'tv: 2']);
  });

  it('[ACK-4] without last-ack acks are kept for the device all the same', async () => {
    await relay.append('1', 'a', 'b', 'c');
    const epoch = await relay.epoch();
    const client = await RelayClient.identified(relay.url, {
      clientId: 1,
      deviceId: 'tv',
      resume: { epoch, offsets: { '1': 0 } },
    });
    await client.messagesOnceThereAre(3);
    expect(await relay.receipts('1')).toEqual([]);
    client.send({ type: 'ack', offset: 1 });
    await client.close();
    expect(await startOf(await comeBack('tv'))).toMatchObject({ offset: 1 });
  });

  it('[ACK-1] bad acks leave nothing behind', async () => {
    const client = await comeBack('tv'); // its baseline is 0
    await relay.publish('1', 'a');
    await client.messagesOnceThereAre(1);
    const bad = [{ offset: 2 }, { offset: 0, targetId: '2' }, { offset: 1, targetId: 'group:x' }];
    for (const ack of bad) client.send({ type: 'ack', ...ack });
    await client.settled();
    expect(client.frames.filter(({ type }) => type === 'error')).toHaveLength(3);
    expect(await relay.metric('postline_acks_kept_total')).toBe(0);
    client.send({ type: 'ack', offset: 0 }); // a good one, so that something is written
    await client.close();
    await waitUntil('it is written', async () => (await relay.metric('postline_ack_writes_total')) === 1);
    expect(await relay.receipts('1')).toEqual(['tv: 0']);
    expect([await relay.receipts('2'), await relay.receipts('group:x')]).toEqual([[], []]);
  });

  it('[ACK-4] a fresh database knows no device: it begins anew', async () => {
    await relay.append('1', 'a', 'b');
    await visit('tv', 2);
    const client = await comeBack('tv');
    await relay.replaceDatabase();
    expect(await client.closed(10_000)).toBe(4003);
    await relay.append('1', 'new');
    expect(await startOf(await comeBack('tv'))).toEqual({ offset: 1, head: 1, recovered: true });
  });
});
