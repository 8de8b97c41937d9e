import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClientFrame, hasBadClientId, parseClientFrame } from '../src/index.ts';
import { anyText } from './any-text.ts';

const parse = (value: unknown) => parseClientFrame(JSON.stringify(value));
const identify = { type: 'identify', clientId: 1 };
const history = { type: 'history', requestId: 'r1', targetId: 1 };

describe('frames from clients', () => {
  it('[PRO-4] each of them, as it is written and as it is read', () => {
    const frames: Record<ClientFrame['type'], readonly string[]> = {
      identify: [
        '{"type":"identify","clientId":1}',
        '{"type":"identify","clientId":"bob","token":"t","deviceId":"tab-1","resume":{"epoch":"e","offsets":{"bob":41,"group:a":0}}}',
        '{"type":"identify","clientId":1,"deviceId":"kiosk-7","resume":"last-ack"}',
        '{"type":"identify","clientId":1,"groups":true,"resume":"start"}',
        '{"type":"identify","clientId":1,"resume":{"last":20}}',
      ],
      ack: ['{"type":"ack","targetId":1,"offset":58}', '{"type":"ack","offset":58}'],
      token: ['{"type":"token","token":"t"}'],
      ping: ['{"type":"ping"}'],
      follow: [
        '{"type":"follow","targetId":"group:a"}',
        '{"type":"follow","targetId":"group:a","epoch":"e","offset":3}',
      ],
      unfollow: ['{"type":"unfollow","targetId":"group:a"}'],
      history: [
        '{"type":"history","requestId":"r1","targetId":1,"before":41,"limit":50}',
        '{"type":"history","requestId":"r2"}',
      ],
    };
    const read = Object.values(frames).flat().map(parseClientFrame);
    expect(read).toMatchInlineSnapshot(`
      [
        {
          "clientId": "1",
          "type": "identify",
        },
        {
          "clientId": "bob",
          "deviceId": "tab-1",
          "resume": {
            "epoch": "e",
            "offsets": Map {
              "bob" => 41,
              "group:a" => 0,
            },
          },
          "token": "t",
          "type": "identify",
        },
        {
          "clientId": "1",
          "deviceId": "kiosk-7",
          "resume": "last-ack",
          "type": "identify",
        },
        {
          "clientId": "1",
          "groups": true,
          "resume": "start",
          "type": "identify",
        },
        {
          "clientId": "1",
          "resume": {
            "last": 20,
          },
          "type": "identify",
        },
        {
          "offset": 58,
          "targetId": "1",
          "type": "ack",
        },
        {
          "offset": 58,
          "type": "ack",
        },
        {
          "token": "t",
          "type": "token",
        },
        {
          "type": "ping",
        },
        {
          "targetId": "group:a",
          "type": "follow",
        },
        {
          "epoch": "e",
          "offset": 3,
          "targetId": "group:a",
          "type": "follow",
        },
        {
          "targetId": "group:a",
          "type": "unfollow",
        },
        {
          "before": 41,
          "limit": 50,
          "requestId": "r1",
          "targetId": "1",
          "type": "history",
        },
        {
          "requestId": "r2",
          "type": "history",
        },
      ]
    `);
  });

  it('[PRO-3] unknown fields are ignored', () => {
    expect(parse({ ...identify, extra: {}, resume: { epoch: 'e', offsets: {}, more: 1 } })).toEqual({
      type: 'identify',
      clientId: '1',
      resume: { epoch: 'e', offsets: new Map() },
    });
  });

  it.each([
    '',
    ' ',
    '{',
    'null',
    '[]',
    '"ping"',
    '1',
    '{}',
    '{"type":"Ping"}',
    '{"type":"new_message"}',
    '{"type":"toString"}',
    '{"type":"__proto__"}',
    '{"type":["ping"]}',
    '{"type":"ping"} x',
    '['.repeat(60_000),
  ])('[PRO-3] %j is a bad frame', (text) => {
    expect(parseClientFrame(text)).toBeUndefined();
  });

  it.each([
    { type: 'identify' },
    { ...identify, clientId: null },
    { ...identify, clientId: 'a b' },
    { ...identify, clientId: 9007199254740992 },
    { ...identify, token: 1 },
    { ...identify, token: 'x'.repeat(8 * 1024 + 1) },
    { ...identify, deviceId: '' },
    { ...identify, deviceId: 'x'.repeat(65) },
    { ...identify, deviceId: 'a b' },
    { ...identify, resume: {} },
    { ...identify, resume: 'last-ack' },
    { ...identify, resume: 'last-ack', deviceId: 'a b' },
    { ...identify, resume: 'first-ack', deviceId: 'tv' },
    { ...identify, resume: 'last-ack ', deviceId: 'tv' },
    { ...identify, resume: null },
    { ...identify, resume: { epoch: 'e', offsets: [] } },
    { ...identify, resume: { epoch: 'x'.repeat(65), offsets: {} } },
    { ...identify, resume: { epoch: 'e', offsets: { '1': -1 } } },
    { ...identify, resume: { epoch: 'e', offsets: { '1': 1.5 } } },
    { ...identify, resume: { epoch: 'e', offsets: { '1': '1' } } },
    { ...identify, resume: { epoch: 'e', offsets: { '1': 2 ** 53 } } },
    { ...identify, resume: { epoch: 'e', offsets: { 'a b': 1 } } },
    { type: 'ack' },
    { type: 'ack', offset: '1' },
    { type: 'ack', offset: -1 },
    { type: 'ack', offset: 1, targetId: 'group:' },
    { type: 'history' },
    { ...history, requestId: 1 },
    { ...history, requestId: '' },
    { ...history, requestId: 'x'.repeat(65) },
    { ...history, targetId: 'a b' },
    { ...history, before: -1 },
    { ...history, before: 1.5 },
    { ...history, before: '5' },
    { ...history, before: 'head' },
    { ...history, before: null },
    { ...history, before: 2 ** 53 },
    { ...history, limit: 0 },
    { ...history, limit: 201 },
    { ...history, limit: -1 },
    { ...history, limit: 1.5 },
    { ...history, limit: '5' },
    { ...history, limit: null },
    { type: 'token' },
    { type: 'token', token: null },
    { type: 'token', token: 'x'.repeat(8 * 1024 + 1) },
  ])('[DEL-13] %j is a bad frame', (frame) => {
    expect(parse(frame)).toBeUndefined();
  });

  it.each([
    { type: 'identify' },
    { ...identify, clientId: null },
    { ...identify, clientId: 'a b' },
    { ...identify, clientId: '' },
    { ...identify, clientId: '__proto__' },
    { ...identify, clientId: 'group:' },
    { ...identify, clientId: -1 },
    { ...identify, clientId: 1.5, resume: 7 },
  ])('[DEL-13] of %j the client id is what is wrong', (frame) => {
    expect(hasBadClientId(JSON.stringify(frame))).toBe(true);
    expect(parse(frame)).toBeUndefined();
  });

  it.each([
    '',
    'null',
    '{"type":"identify","clientId":1',
    '{"type":"identify","clientId":1,"token":1}',
    '{"type":"ack","offset":1,"targetId":"a b"}',
    '{"type":"nonsense","clientId":"a b"}',
  ])('[DEL-13] of %j it is not', (text) => {
    expect(hasBadClientId(text)).toBe(false);
  });

  it('[DEL-4] at most 1,001 cursors are read', () => {
    const cursors = (count: number) => ({
      ...identify,
      resume: {
        epoch: 'e',
        offsets: Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, i])),
      },
    });
    expect(parse(cursors(1_001))).toBeDefined();
    expect(parse(cursors(1_002))).toBeUndefined();
  });

  it('[PRO-1] ids that are properties of every object are ids like any other (trap 21)', () => {
    const frame = parseClientFrame(
      '{"type":"identify","clientId":"constructor","resume":{"epoch":"e","offsets":{"constructor":3,"toString":4}}}',
    );
    expect(frame).toEqual({
      type: 'identify',
      clientId: 'constructor',
      resume: {
        epoch: 'e',
        offsets: new Map([
          ['constructor', 3],
          ['toString', 4],
        ]),
      },
    });
  });

  it('[PRO-1] a cursor under __proto__ changes no object', () => {
    parseClientFrame('{"type":"identify","clientId":1,"resume":{"epoch":"e","offsets":{"__proto__":3}}}');
    parseClientFrame('{"type":"identify","clientId":1,"__proto__":{"token":"t"}}');
    expect(({} as Record<string, unknown>)['token']).toBeUndefined();
    expect(parseClientFrame('{"type":"identify","clientId":1,"__proto__":{"token":"t"}}')).toEqual({
      type: 'identify',
      clientId: '1',
    });
  });

  it('[DEL-13] any text gives a frame or undefined, never an exception', () => {
    const frameLike = fc.record(
      {
        type: fc.constantFrom('identify', 'ack', 'ping', 'x'),
        clientId: fc.jsonValue(),
        resume: fc.jsonValue(),
        offset: fc.jsonValue(),
      },
      { requiredKeys: ['type'] },
    );
    const text = fc.oneof(
      anyText,
      fc.json(),
      frameLike.map((frame) => JSON.stringify(frame)),
    );
    fc.assert(
      fc.property(text, (given) => {
        const frame = parseClientFrame(given);
        expect(['identify', 'ack', 'ping', undefined]).toContain(frame?.type);
      }),
    );
  });
});
