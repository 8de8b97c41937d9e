import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { Feed } from '../../src/feeds/feed.ts';
import { Follower } from '../../src/following/follower.ts';
import { HeadReader } from '../../src/feeds/head-reader.ts';
import { LogReader } from '../../src/following/log-reader.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { WriteTurn } from '../../src/socket/write-turn.ts';
import { believing } from '../support/model-history.ts';
import { connectionOn, RecordingHost } from '../support/model-host.ts';
import { ModelSocket } from '../support/model-socket.ts';
import { ModelStore } from '../support/model-store.ts';

const IDENTIFY = '{"type":"identify","clientId":1}';
const BAD_FRAME = { type: 'error', code: 'bad_frame' };

describe('Connection', () => {
  let host: RecordingHost;
  let socket: ModelSocket;
  let connection: Connection;
  let released: Feed[];

  beforeEach(() => {
    released = [];
    host = new RecordingHost();
    ({ socket, connection } = connectionOn(host));
  });

  /** Makes the connection follow target 1, of which it was sent everything up to 5. */
  function follow(): Feed {
    const store = new ModelStore();
    const counters = new RelayCounters();
    const feed = new Feed({
      targetId: '1',
      counters,
      heads: new HeadReader(store),
      turn: new WriteTurn(),
      ...believing(),
    });
    const feeds = { release: (unused: Feed) => released.push(unused) };
    const logReader = new LogReader({ store, counters, parallelReads: 1 });
    const follower = new Follower({
      feed,
      feeds,
      socket,
      logReader,
      counters,
      reader: { id: 'c', clientId: '1' },
      cursor: 5,
    });
    connection.onText(IDENTIFY);
    const identified = '{"type":"identified"}';
    const client = { clientId: '1', deviceId: 'tv', epoch: 'epoch-1' };
    connection.startFollowing(client, [follower], [identified]);
    return feed;
  }

  it('[DEL-1] an identify is handed to the relay with its id as a string', () => {
    connection.onText(IDENTIFY);
    expect(host.identified).toMatchObject([{ clientId: '1' }]);
    expect(connection.state).toBe('identifying');
    expect(socket.sent).toEqual([]);
  });

  it.each(['"a b"', '"+a"', '"__proto__"', '-1', 'null'])(
    '[DEL-13] an identify as %s gets an error about the client id, and is closed with 4500',
    (clientId) => {
      connection.onText(`{"type":"identify","clientId":${clientId}}`);
      expect(socket.frames()).toMatchObject([
        {
          type: 'error',
          code: 'bad_client_id',
          message: expect.stringContaining('A-Z a-z 0-9 . _ ~ : @ | + -'),
        },
      ]);
      expect(socket.closedWith?.code).toBe(4500);
    },
  );

  it('[DEL-13] what is wrong with a later frame is not its client id', () => {
    connection.onText(IDENTIFY);
    connection.onText('{"type":"identify","clientId":"a b"}');
    expect(socket.frames()).toMatchObject([BAD_FRAME]);
  });

  it.each([
    ['while the first one waits', false],
    ['once it follows', true],
  ])('[DEL-13] a second identify is 4500 %s', (_when, following) => {
    if (following) follow();
    else connection.onText(IDENTIFY);
    connection.onText(IDENTIFY);
    expect(socket.closedWith?.code).toBe(4500);
    expect(host.identified).toHaveLength(1);
  });

  it.each(['{"type":"subscribe"}', '{"type":', '[]', '"identify"', '', 'null', '{"type":"new_message"}'])(
    '[DEL-13][PRO-3] the frame %j is 4500, with an error first',
    (text) => {
      connection.onText(text);
      expect(socket.frames()).toMatchObject([BAD_FRAME]);
      expect(socket.closedWith?.code).toBe(4500);
    },
  );

  it.each(['1.5', '-1', '9007199254740992', '""', '" 1"', 'null', 'true', '[1]', '"bób"'])(
    '[DEL-13][PRO-1] the client id %s is a bad frame',
    (id) => {
      connection.onText(`{"type":"identify","clientId":${id}}`);
      expect(socket.closedWith?.code).toBe(4500);
    },
  );

  it('[DEL-13] a group can not be identified as: 4503', () => {
    connection.onText('{"type":"identify","clientId":"group:staff"}');
    expect(socket.frames()).toMatchObject([{ type: 'error', code: 'target_not_allowed' }]);
    expect(socket.closedWith?.code).toBe(4503);
    expect(host.identified).toEqual([]);
  });

  it('[PRO-3] unknown fields are ignored', () => {
    connection.onText(
      '{"type":"identify","clientId":1,"color":"red","resume":{"epoch":"e","offsets":{},"x":1}}',
    );
    expect(host.identified).toHaveLength(1);
  });

  it('a ping is answered in every state', () => {
    connection.onText('{"type":"ping"}');
    follow();
    connection.onText('{"type":"ping"}');
    expect(socket.frames().map(({ type }) => type)).toEqual(['pong', 'identified', 'pong']);
  });

  it.each([
    ['{"type":"ack","offset":5}', 5],
    ['{"type":"ack","offset":0}', 0],
    ['{"type":"ack","targetId":1,"offset":4}', 4],
    ['{"type":"ack","targetId":"1","offset":5}', 5],
  ])('[ACK-1] keeps the ack %s', (ack, offset) => {
    follow();
    connection.onText(ack);
    expect(socket.frames()).toMatchObject([{ type: 'identified' }]);
    expect(host.kept).toEqual([{ clientId: '1', deviceId: 'tv', targetId: '1', epoch: 'epoch-1', offset }]);
  });

  it('[ACK-2] ignores an ack that is not higher than the one before', () => {
    follow();
    for (const offset of [3, 3, 1, 0, 4, 2]) connection.onText(`{"type":"ack","offset":${offset}}`);
    expect(host.kept.map(({ offset }) => offset)).toEqual([3, 4]);
    expect(socket.frames()).toHaveLength(1);
  });

  it('[ACK-3] an ack that was not kept may come again', () => {
    follow();
    host.hasRoom = false;
    connection.onText('{"type":"ack","offset":3}');
    host.hasRoom = true;
    connection.onText('{"type":"ack","offset":3}');
    expect(host.kept).toHaveLength(1);
  });

  it('[ACK-3] when it is gone its ack is hurried', () => {
    follow();
    connection.onClosed();
    expect(host.hurried).toMatchObject([{ clientId: '1', deviceId: 'tv', targetId: '1' }]);
    connection.onText('{"type":"ack","offset":3}');
    expect(host.kept).toEqual([]);
  });

  it.each([
    ['{"type":"ack","offset":6}'],
    ['{"type":"ack","targetId":"01","offset":1}'],
    ['{"type":"ack","targetId":"2","offset":1}'],
  ])('[ACK-1] reports bad_ack for %s, keeps nothing, and stays open', (ack) => {
    follow();
    connection.onText(ack);
    expect(host.kept).toEqual([]);
    expect(socket.frames()).toMatchObject([{ type: 'identified' }, { type: 'error', code: 'bad_ack' }]);
    expect(socket.isOpen).toBe(true);
  });

  it('[ACK-1] reports bad_ack for an ack before identify, and stays open', () => {
    connection.onText('{"type":"ack","offset":1}');
    expect(socket.frames()).toMatchObject([{ code: 'bad_ack' }]);
    expect(socket.isOpen).toBe(true);
  });

  it('[DEL-10] who asks and asks without reading fills the buffer to its bound and no further', () => {
    ({ socket, connection } = connectionOn(host, new ModelSocket(10)));
    for (let asked = 0; asked < 100_000; asked += 1) {
      connection.onText(asked % 2 === 0 ? '{"type":"ping"}' : '{"type":"ack","offset":1}');
    }
    expect(socket.sent).toHaveLength(10);
    expect(host.stalled).toEqual([connection]);
  });

  it.each([
    ['frames', 1_000, 1],
    ['bytes', 10, 100_000],
  ])(
    '[LIM-3] so many %s may come in ten seconds; one more is 4029, and nothing after it',
    (_what, count, bytes) => {
      vi.useFakeTimers({ toFake: ['performance'], now: 0 });
      for (let frames = 0; frames < count; frames += 1) expect(connection.onFrame(bytes)).toBe(true);
      vi.advanceTimersByTime(10_000);
      for (let frames = 0; frames < count; frames += 1) expect(connection.onFrame(bytes)).toBe(true);
      expect(socket.isOpen).toBe(true);
      expect(connection.onFrame(bytes)).toBe(false);
      expect(socket.frames()).toMatchObject([{ type: 'error', code: 'too_many_frames' }]);
      expect(socket.closedWith?.code).toBe(4029);
      vi.useRealTimers();
    },
  );

  it('[TOK-8] a further token is handed to the relay, with whose it must be; before identify it is 4500', () => {
    connection.onText(IDENTIFY);
    connection.onText('{"type":"token","token":"one"}');
    ({ socket, connection } = connectionOn(host));
    follow();
    connection.onText('{"type":"token","token":"two"}');
    expect(host.renewed).toEqual([
      { clientId: '1', token: 'one' },
      { clientId: '1', token: 'two' },
    ]);
    ({ socket, connection } = connectionOn(host));
    connection.onText('{"type":"token","token":"t"}');
    expect(socket.closedWith?.code).toBe(4500);
  });

  it('[DEL-14] each turn brings a heartbeat and a ping', () => {
    follow();
    connection.onHeartbeat();
    expect(socket.frames().at(-1)).toEqual({ type: 'heartbeat' });
    expect(socket.pings).toBe(1);
  });

  it('[DEL-14] before it identified it gets the ping alone', () => {
    connection.onHeartbeat();
    expect([socket.sent, socket.pings]).toEqual([[], 1]);
  });

  it('[DEL-14] a peer that shows no sign of life for a turn is dropped', () => {
    follow();
    connection.onHeartbeat();
    connection.onSignOfLife();
    connection.onHeartbeat();
    expect(socket.terminated).toBe(false);
    connection.onHeartbeat();
    expect(socket.terminated).toBe(true);
  });

  it('[DEL-14] any frame is a sign of life', () => {
    follow();
    connection.onHeartbeat();
    connection.onText('{"type":"ack","offset":5}');
    connection.onHeartbeat();
    expect(socket.terminated).toBe(false);
  });

  it('[DEL-10][DEL-14] a full socket gets no heartbeat, and a whole turn to answer once it has drained', () => {
    ({ socket, connection } = connectionOn(host, new ModelSocket(2)));
    follow();
    connection.onHeartbeat(); // this fills it
    const sent = socket.sent.length;
    connection.onHeartbeat();
    connection.onHeartbeat();
    expect([socket.sent.length, socket.terminated]).toEqual([sent, false]);
    socket.drain();
    connection.onHeartbeat();
    expect(socket.terminated).toBe(false);
    connection.onHeartbeat();
    expect(socket.terminated).toBe(true);
  });

  it('gives its feed back once, and is forgotten, when the socket is gone', () => {
    const feed = follow();
    connection.onClosed();
    expect(released).toEqual([feed]);
    expect(host.closed).toEqual([connection]);
    expect(connection.state).toBe('closed');
  });

  it('holds no feed before it follows one', () => {
    connection.onText(IDENTIFY);
    connection.onClosed();
    expect(released).toEqual([]);
    connection.onText('{"type":"ping"}');
    expect(socket.sent).toEqual([]);
  });
});
