/**
 * Frames about groups, and the groups that a connection follows, as a client sees them that knows only the contract.
 */
import { type RelayClient, waitUntil } from '@postline/test-support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ask,
  type Claims,
  connected,
  expectContinuous,
  type GroupServices,
  join,
  KINDS,
  leave,
  send,
  tokenOf,
  WITH_TOKENS,
} from './group-services.ts';

const BAD_FRAME = 4500;

describe.each(KINDS)('following on $kind', ({ start }) => {
  let services: GroupServices;
  let api: string;
  const opened: RelayClient[] = [];

  beforeAll(async () => {
    services = await start({ ...WITH_TOKENS, EVERYONE_GROUP: 'everyone' });
    api = services.apiUrl;
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((reader) => reader.close()));
  });
  afterAll(async () => {
    await services.stop();
  });

  async function read(
    clientId: string,
    { identify = {}, claims = {} }: { identify?: Readonly<Record<string, unknown>>; claims?: Claims } = {},
  ): Promise<RelayClient> {
    const reader = await connected(services.relayUrl, clientId, identify, claims);
    opened.push(reader);
    return reader;
  }

  async function targetsOf(reader: RelayClient): Promise<string[]> {
    const identified = await reader.frame('identified');
    return Object.keys(identified['targets'] as object).sort();
  }

  const codesOf = (reader: RelayClient) =>
    reader.frames.filter(({ type }) => type === 'error').map(({ code, targetId }) => [code, targetId]);

  it('[FOL-1] a client of the proof of concept follows itself, and sees no other frame', async () => {
    await join(api, 'quiet', 'poc');
    const reader = await read('poc', { identify: { groups: undefined }, claims: { groups: ['claimed'] } });
    await join(api, 'later', 'poc');
    for (const group of ['quiet', 'claimed', 'later', 'everyone'])
      await send(api, `group:${group}`, 'not for it');
    await leave(api, 'quiet', 'poc');
    await send(api, 'poc', 'for it');
    await reader.messagesOnceThereAre(1);
    await reader.settled();
    expect(await targetsOf(reader)).toEqual(['poc']);
    expect(reader.frames.map(({ type }) => type)).toEqual(['identified', 'new_message', 'pong']);
  });

  it('[FOL-1] with groups: the stored groups, those of the claim, and everyone', async () => {
    await join(api, 'stored-1', 'anna');
    await join(api, 'stored-2', 'anna');
    const claims = {
      groups: ['claimed', 'stored-1', 'bad name', '', 7 as unknown as string, 'x'.repeat(123)],
    };
    const reader = await read('anna', { claims });
    const followed = ['anna', 'group:claimed', 'group:everyone', 'group:stored-1', 'group:stored-2'];
    expect(await targetsOf(reader)).toEqual(followed);
    for (const targetId of followed) await send(api, targetId, `to ${targetId}`);
    for (const targetId of followed) expect(await reader.textsOf(targetId, 1)).toEqual([`to ${targetId}`]);
    await send(api, 'group:of-others', 'not for it');
    await reader.settled();
    expect(reader.framesOf('group:of-others')).toEqual([]);
  });

  it('[FOL-3] joined and left while connected: followed, messages, unfollowed, and then no more frames', async () => {
    const [reader, other] = await Promise.all([read('ben'), read('ben')]);
    await send(api, 'group:room', 'before');
    await join(api, 'room', 'ben');
    for (const client of [reader, other])
      expect(await client.frameOf('group:room', 'followed')).toEqual({
        type: 'followed',
        targetId: 'group:room',
        offset: 1,
        head: 1,
        recovered: true,
        cause: 'joined',
      });
    await send(api, 'group:room', 'one', 'two');
    for (const client of [reader, other])
      expect(await client.textsOf('group:room', 2)).toEqual(['one', 'two']);
    await leave(api, 'room', 'ben');
    for (const client of [reader, other])
      expect(await client.frameOf('group:room', 'unfollowed')).toEqual({
        type: 'unfollowed',
        targetId: 'group:room',
        cause: 'left',
      });
    await send(api, 'group:room', 'three');
    await send(api, 'ben', 'after it');
    for (const client of [reader, other]) {
      await client.textsOf('ben', 1);
      await client.settled();
      expect(client.framesOf('group:room').at(-1)?.type).toBe('unfollowed');
    }
    const again = await read('ben', { identify: { resume: 'start' } });
    expect(await targetsOf(again)).not.toContain('group:room');
  });

  it('[FOL-3] left and joined again, however quickly: unfollowed, then followed at the new F', async () => {
    const reader = await read('carl');
    let head = 0;
    for (let known = 0; known < 10; known += 1) {
      await join(api, 'flicker', 'carl');
      const { offset } = await reader.frameOf('group:flicker', 'followed', { known });
      expect(offset).toBe(head);
      await send(api, 'group:flicker', 'as a member');
      await leave(api, 'flicker', 'carl');
      head += 1;
      if (known % 2 === 0) continue; // it joins again at once
      await reader.frameOf('group:flicker', 'unfollowed', { known });
      await send(api, 'group:flicker', 'in between');
      head += 1;
    }
    const frames = reader.framesOf('group:flicker');
    expectContinuous(frames);
    expect(frames.filter(({ type }) => type === 'unfollowed')).toHaveLength(10);
    expect(frames.filter(({ data }) => data === 'in between')).toEqual([]);
  });

  it('[FOL-3] a removed member gets no messages that were still unread', async () => {
    await join(api, 'removed', 'dora');
    await send(api, 'group:removed', 'never read');
    await leave(api, 'removed', 'dora');
    const reader = await read('dora', { identify: { resume: 'start' } });
    await reader.settled();
    expect(await targetsOf(reader)).toEqual(['dora', 'group:everyone']);
    expect(reader.framesOf('group:removed')).toEqual([]);
  });

  it('[FOL-4] [FOL-5] follow, unfollow, and targets that may not be followed', async () => {
    await join(api, 'mine', 'eve');
    const reader = await read('eve', {
      identify: { groups: undefined },
      claims: { follow: ['room-*', 'exact'] },
    });
    const follow = (group: string) => reader.send({ type: 'follow', targetId: `group:${group}` });
    for (const group of ['mine', 'room-', 'room-7', 'exact']) {
      follow(group);
      expect(await reader.frameOf(`group:${group}`, 'followed')).toMatchObject({ cause: 'followed' });
    }
    for (const group of ['exactly', 'other', 'roo']) follow(group);
    await reader.settled();
    expect(codesOf(reader)).toEqual([
      ['forbidden', 'group:exactly'],
      ['forbidden', 'group:other'],
      ['forbidden', 'group:roo'],
    ]);
    await send(api, 'group:room-7', 'heard');
    expect(await reader.textsOf('group:room-7', 1)).toEqual(['heard']);
    reader.send({ type: 'unfollow', targetId: 'group:room-7' });
    expect(await reader.frameOf('group:room-7', 'unfollowed')).toMatchObject({ cause: 'unfollowed' });
    await send(api, 'group:room-7', 'unheard');
    reader.send({ type: 'unfollow', targetId: 'group:room-7' });
    reader.send({ type: 'unfollow', targetId: 'group:never' });
    await send(api, 'eve', 'later');
    await reader.textsOf('eve', 1);
    await reader.settled();
    expect(codesOf(reader).slice(3)).toEqual([
      ['not_followed', 'group:room-7'],
      ['not_followed', 'group:never'],
    ]);
    expect(reader.framesOf('group:room-7', 'new_message')).toHaveLength(1);
  });

  it('[FOL-4] the claim * allows every group', async () => {
    const reader = await read('frank', { claims: { follow: ['*'] } });
    reader.send({ type: 'follow', targetId: 'group:anything' });
    expect(await reader.frameOf('group:anything', 'followed')).toMatchObject({ cause: 'followed' });
  });

  it.each([
    { type: 'follow', targetId: 'gina' },
    { type: 'follow', targetId: 'somebody' },
    { type: 'follow', targetId: 'group:' },
    { type: 'follow', targetId: 'group:a b' },
    { type: 'follow', targetId: `group:${'x'.repeat(123)}` },
    { type: 'follow' },
    { type: 'unfollow', targetId: 'gina' },
    { type: 'unfollow', targetId: 'group:a b' },
    { type: 'unfollow' },
  ])('[FOL-4] [FOL-5] %j is a bad frame', async (frame) => {
    const reader = await read('gina', { claims: { follow: ['*'] } });
    reader.send(frame);
    expect(await reader.closed()).toBe(BAD_FRAME);
  });

  it('[FOL-6] a new token with other claims takes effect at once', async () => {
    await join(api, 'kept', 'hans');
    const claims = { groups: ['first', 'both', 'kept'], follow: ['room-*'] };
    const reader = await read('hans', { claims });
    reader.send({ type: 'follow', targetId: 'group:room-1' });
    await reader.frameOf('group:room-1', 'followed');
    await send(api, 'group:second', 'before');
    reader.send({ type: 'token', token: await tokenOf('hans', { groups: ['both', 'second'] }) });
    expect(await reader.frameOf('group:first', 'unfollowed')).toMatchObject({ cause: 'token' });
    expect(await reader.frameOf('group:room-1', 'unfollowed')).toMatchObject({ cause: 'token' });
    expect(await reader.frameOf('group:second', 'followed')).toMatchObject({
      offset: 1,
      head: 1,
      recovered: true,
      cause: 'token',
    });
    for (const group of ['first', 'both', 'second', 'room-1', 'kept'])
      await send(api, `group:${group}`, 'now');
    for (const group of ['both', 'second', 'kept'])
      expect(await reader.textsOf(`group:${group}`, 1)).toEqual(['now']);
    await reader.settled();
    expect(reader.framesOf('group:first').at(-1)?.type).toBe('unfollowed');
    expect(reader.framesOf('group:room-1').at(-1)?.type).toBe('unfollowed');
    expect(reader.framesOf('group:both').map(({ type }) => type)).toEqual(['new_message']);
    expect(reader.framesOf('group:kept').map(({ type }) => type)).toEqual(['new_message']);
  });

  it('[FOL-9] acks of a group: a receipt within 5 s, a last ack for each device and target', async () => {
    await join(api, 'acks', 'ida');
    const identify = { deviceId: 'phone', resume: 'last-ack' };
    const reader = await read('ida', { identify });
    await send(api, 'group:acks', '1', '2', '3');
    await send(api, 'ida', 'own 1', 'own 2');
    await Promise.all([reader.textsOf('group:acks', 3), reader.textsOf('ida', 2)]);
    reader.send({ type: 'ack', targetId: 'group:acks', offset: 2 });
    reader.send({ type: 'ack', offset: 1 });
    reader.send({ type: 'ack', targetId: 'group:acks', offset: 4 });
    reader.send({ type: 'ack', targetId: 'group:other', offset: 1 });
    await reader.settled();
    expect(codesOf(reader)).toEqual([
      ['bad_ack', 'group:acks'],
      ['bad_ack', 'group:other'],
    ]);
    await waitUntil('the receipt is there', async () => {
      const { body } = await ask(api, 'GET', '/targets/group%3Aacks/receipts');
      const { receipts } = body as { receipts: { clientId: string; offset: number }[] };
      return receipts.some(({ clientId, offset }) => clientId === 'ida' && offset === 2);
    });
    await reader.close();
    const back = await read('ida', { identify });
    expect(await back.textsOf('group:acks', 1)).toEqual(['3']);
    expect(await back.textsOf('ida', 1)).toEqual(['own 2']);
  });
});
