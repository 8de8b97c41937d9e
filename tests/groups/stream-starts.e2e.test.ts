/** Where the stream of a group begins: the table of the contract, with a test for each cell. */
import { makeTempFolder, type RelayClient, startProcess, startStandalone } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Claims,
  connected,
  type GroupServices,
  join,
  KINDS,
  leave,
  send,
  WITH_TOKENS,
} from './group-services.ts';

const NEW_EPOCH = new URL('../../api-server/dist/new-epoch.js', import.meta.url).pathname;
const GROUP = 'history';
const TARGET = `group:${GROUP}`;
const EVERYONE = 'everyone';
const MEMBER_FROM = 4;
const HEAD = 10;
const texts = (from: number, to = HEAD) =>
  Array.from({ length: to - from }, (_, index) => `text ${from + index + 1}`);

interface Start {
  readonly offset: number;
  readonly recovered: boolean;
}

type Resume = (epoch: string) => unknown;

const at =
  (offset: number): Resume =>
  (epoch) => ({ epoch, offsets: { [TARGET]: offset, [`group:${EVERYONE}`]: offset } });
const atOfAnotherEpoch: Resume = () => ({
  epoch: 'another',
  offsets: { [TARGET]: 7, [`group:${EVERYONE}`]: 7 },
});

/**
 * What a reader sends, and where its stream begins: for a member whose F is 4, and for a reader who follows by the
 * claim or as everyone.
 */
const ROWS: readonly (readonly [string, Resume, Start, Start])[] = [
  ['a cursor above F', at(6), { offset: 6, recovered: true }, { offset: 6, recovered: true }],
  ['a cursor at F', at(4), { offset: 4, recovered: true }, { offset: 4, recovered: true }],
  ['a cursor at the head', at(10), { offset: 10, recovered: true }, { offset: 10, recovered: true }],
  ['a cursor beyond the head', at(11), { offset: 4, recovered: false }, { offset: 0, recovered: false }],
  [
    'a resume, but no cursor for the group',
    (epoch) => ({ epoch, offsets: { 'group:other': 3 } }),
    { offset: 4, recovered: true },
    { offset: 10, recovered: true },
  ],
  [
    'a last ack that was never given',
    () => 'last-ack',
    { offset: 4, recovered: true },
    { offset: 10, recovered: true },
  ],
  ['no resume', () => undefined, { offset: 10, recovered: true }, { offset: 10, recovered: true }],
  ['resume: start', () => 'start', { offset: 4, recovered: true }, { offset: 0, recovered: true }],
  ['the last 2', () => ({ last: 2 }), { offset: 8, recovered: true }, { offset: 8, recovered: true }],
  ['the last 1000', () => ({ last: 1_000 }), { offset: 4, recovered: true }, { offset: 0, recovered: true }],
  [
    'a cursor of another epoch',
    atOfAnotherEpoch,
    { offset: 4, recovered: false },
    { offset: 0, recovered: false },
  ],
];

describe.each(KINDS)('starts on $kind', ({ start }) => {
  let services: GroupServices;
  let epoch: string;
  const opened: RelayClient[] = [];
  let readers = 0;

  beforeAll(async () => {
    services = await start({ ...WITH_TOKENS, EVERYONE_GROUP: EVERYONE });
    const { apiUrl } = services;
    await send(apiUrl, TARGET, ...texts(0, MEMBER_FROM));
    await join(apiUrl, GROUP, 'member');
    await send(apiUrl, TARGET, ...texts(MEMBER_FROM));
    await send(apiUrl, `group:${EVERYONE}`, ...texts(0));
    const first = await read('first', {});
    epoch = String((await first.frame('identified'))['epoch']);
  });
  afterAll(async () => {
    for (const reader of opened) await reader.close();
    await services.stop();
  });

  async function read(
    clientId: string,
    identify: Readonly<Record<string, unknown>>,
    claims: Claims = {},
  ): Promise<RelayClient> {
    const reader = await connected(services.relayUrl, clientId, identify, claims);
    opened.push(reader);
    return reader;
  }

  const anew = (clientId: string) => ({ deviceId: `${clientId}-${(readers += 1)}` });

  async function begins(reader: RelayClient, targetId: string, { offset, recovered }: Start): Promise<void> {
    const { targets } = (await reader.frame('identified')) as unknown as { targets: Record<string, unknown> };
    expect(targets[targetId]).toEqual({ offset, head: HEAD, recovered });
    expect(await reader.textsOf(targetId, HEAD - offset)).toEqual(texts(offset));
    expect(reader.framesOf(targetId, 'new_message').map((frame) => frame['offset'])).toEqual(
      Array.from({ length: HEAD - offset }, (_, index) => offset + index + 1),
    );
    await reader.settled();
    expect(reader.framesOf(targetId)).toHaveLength(HEAD - offset);
  }

  it.each(ROWS)('[FOL-2] a member with F = 4 brings %s', async (_what, resume, member) => {
    const reader = await read('member', { ...anew('member'), resume: resume(epoch) });
    await begins(reader, TARGET, member);
  });

  it.each(ROWS)(
    '[FOL-2] a client that follows by the claim brings %s',
    async (_what, resume, _member, other) => {
      const reader = await read(
        'claiming',
        { ...anew('claiming'), resume: resume(epoch) },
        { groups: [GROUP] },
      );
      await begins(reader, TARGET, other);
    },
  );

  it.each(ROWS)(
    '[FOL-2] a client that follows the group of everyone brings %s',
    async (_what, resume, _member, other) => {
      const reader = await read('anyone', { ...anew('anyone'), resume: resume(epoch) });
      await begins(reader, `group:${EVERYONE}`, other);
    },
  );

  it.each([
    ['a cursor', { offset: 6 }, { offset: 6, recovered: true }],
    ['a cursor at the head', { offset: 10 }, { offset: 10, recovered: true }],
    ['a cursor beyond the head', { offset: 11 }, { offset: 0, recovered: false }],
    ['no cursor', undefined, { offset: 10, recovered: true }],
    ['a cursor of another epoch', { epoch: 'another', offset: 6 }, { offset: 0, recovered: false }],
  ])('[FOL-2] a follow frame brings %s', async (_what, cursor, { offset, recovered }) => {
    const reader = await read('following', {}, { follow: ['hist*'] });
    reader.send({ type: 'follow', targetId: TARGET, ...(cursor && { epoch, ...cursor }) });
    expect(await reader.frameOf(TARGET, 'followed')).toEqual({
      type: 'followed',
      targetId: TARGET,
      offset,
      head: HEAD,
      recovered,
      cause: 'followed',
    });
    expect(await reader.textsOf(TARGET, HEAD - offset)).toEqual(texts(offset));
  });

  it('[FOL-2] without a last ack, a baseline is stored: messages after it are not lost', async () => {
    const claims = { groups: ['acked'] };
    await send(services.apiUrl, 'group:acked', 'before');
    const identify = { deviceId: 'phone', resume: 'last-ack' };
    const first = await read('device', identify, claims);
    const second = (await first.frame('identified')) as unknown as { targets: Record<string, unknown> };
    expect(second.targets['group:acked']).toEqual({ offset: 1, head: 1, recovered: true });
    await first.close();
    await send(services.apiUrl, 'group:acked', 'while away');
    const back = await read('device', identify, claims);
    expect(await back.textsOf('group:acked', 1)).toEqual(['while away']);
  });

  it('[FOL-2] for a cursor below F, one truncated frame comes before the first later message', async () => {
    const { apiUrl } = services;
    await send(apiUrl, 'group:again', ...texts(0, 5));
    await join(apiUrl, 'again', 'returning', 'all');
    await leave(apiUrl, 'again', 'returning');
    await join(apiUrl, 'again', 'returning');
    const resume = { epoch, offsets: { 'group:again': 2 } };
    const reader = await read('returning', { resume });
    const { targets } = (await reader.frame('identified')) as unknown as { targets: Record<string, unknown> };
    expect(targets['group:again']).toEqual({ offset: 2, head: 5, recovered: true });
    await send(apiUrl, 'group:again', 'later', 'even later');
    await reader.textsOf('group:again', 2);
    expect(reader.framesOf('group:again')).toMatchObject([
      { type: 'truncated', from: 3, to: 5, reason: 'membership' },
      { type: 'new_message', offset: 6, data: 'later' },
      { type: 'new_message', offset: 7, data: 'even later' },
    ]);
  });

  it('[FOL-2] joined while connected: the stream begins at F, with the history that the join requested', async () => {
    const { apiUrl } = services;
    await send(apiUrl, 'group:live', ...texts(0));
    const reader = await read('joining', {});
    await join(apiUrl, 'live', 'joining', { last: 3 });
    expect(await reader.frameOf('group:live', 'followed')).toEqual({
      type: 'followed',
      targetId: 'group:live',
      offset: 7,
      head: HEAD,
      recovered: true,
      cause: 'joined',
    });
    await send(apiUrl, 'group:live', 'text 11');
    expect(await reader.textsOf('group:live', 4)).toEqual(texts(7, 11));
  });
});

it('[FOL-2] [GRP-12] after a new epoch, streams continue at the cursor, at the old head, or at F', async () => {
  const folder = await makeTempFolder('groups-epoch');
  const env = { ...WITH_TOKENS, DATA_DIR: folder.path };
  const first = await startStandalone(env);
  await send(first.apiUrl, TARGET, ...texts(0, MEMBER_FROM));
  await join(first.apiUrl, GROUP, 'member');
  await send(first.apiUrl, TARGET, ...texts(MEMBER_FROM));
  await first.stop();
  const command = startProcess({
    command: process.execPath,
    args: [NEW_EPOCH],
    env: { PATH: process.env['PATH'], DATA_DIR: folder.path },
  });
  expect(await command.ended, command.output()).toBe(0);

  const second = await startStandalone(env);
  await send(second.apiUrl, TARGET, 'text 11');
  const startOf = async (clientId: string, cursor: number, claims: Claims = {}) => {
    const resume = { epoch: 'of before', offsets: { [TARGET]: cursor } };
    const reader = await connected(second.relayUrl, clientId, { resume }, claims);
    const { targets } = (await reader.frame('identified')) as unknown as { targets: Record<string, unknown> };
    await reader.close();
    return targets[TARGET];
  };
  for (const [cursor, member, other] of [
    [2, MEMBER_FROM, 2],
    [7, 7, 7],
    [HEAD, HEAD, HEAD],
    [12, HEAD, HEAD], // the epoch start
  ] as const) {
    const expected = { head: HEAD + 1, recovered: false };
    expect(await startOf('member', cursor)).toEqual({ offset: member, ...expected });
    expect(await startOf('claiming', cursor, { groups: [GROUP] })).toEqual({ offset: other, ...expected });
  }
  await second.stop();
  await folder.remove();
});
