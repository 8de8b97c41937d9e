import { rawFrame, type RawFrame, upgradeRequest } from '@postline/test-support';
import fc from 'fast-check';
import { createRandom } from '../faults/src/random.ts';
import { changed } from './bad-bodies.ts';

/** Text frames that none of our clients sends. */
const CORPUS: readonly string[] = [
  '',
  ' ',
  'null',
  '0',
  '[]',
  '{}',
  '"identify"',
  '{"type":null}',
  '{"type":["identify"],"clientId":1}',
  '{"type":"Identify","clientId":1}',
  '{"type":"identified","clientId":1}',
  '{"type":"new_message","data":"x","targetId":"1","offset":1}',
  '{"type":"__proto__"}',
  '{"type":"constructor"}',
  '{"type":"toString"}',
  '{"type":"identify"}',
  '{"type":"identify","clientId":null}',
  '{"type":"identify","clientId":-1}',
  '{"type":"identify","clientId":1.5}',
  '{"type":"identify","clientId":1e999}',
  '{"type":"identify","clientId":9007199254740993}',
  '{"type":"identify","clientId":["1"]}',
  '{"type":"identify","clientId":{"toString":"1"}}',
  '{"type":"identify","clientId":""}',
  '{"type":"identify","clientId":"*"}',
  '{"type":"identify","clientId":"1 "}',
  '{"type":"identify","clientId":"a\\u0000"}',
  '{"type":"identify","clientId":"group:"}',
  '{"type":"identify","clientId":"group:all"}',
  '{"type":"identify","clientId":"updates:1"}',
  '{"type":"identify","clientId":"__proto__"}',
  `{"type":"identify","clientId":"${'a'.repeat(129)}"}`,
  `{"type":"identify","clientId":1,"token":"${'t'.repeat(9_000)}"}`,
  '{"type":"identify","clientId":1,"token":{}}',
  '{"type":"identify","clientId":1,"deviceId":""}',
  '{"type":"identify","clientId":1,"deviceId":"a b"}',
  `{"type":"identify","clientId":1,"deviceId":"${'d'.repeat(65)}"}`,
  '{"type":"identify","clientId":1,"resume":"last-ack"}',
  '{"type":"identify","clientId":1,"resume":"first-ack"}',
  '{"type":"identify","clientId":1,"resume":{"epoch":1,"offsets":{}}}',
  '{"type":"identify","clientId":1,"resume":{"epoch":"x","offsets":[]}}',
  '{"type":"identify","clientId":1,"resume":{"epoch":"x","offsets":{"1":-1}}}',
  '{"type":"identify","clientId":1,"resume":{"epoch":"x","offsets":{"1":"1"}}}',
  '{"type":"identify","clientId":1,"resume":{"epoch":"x","offsets":{"1":1e300}}}',
  '{"type":"identify","clientId":1,"resume":{"epoch":"x","offsets":{"":1}}}',
  `{"type":"identify","clientId":1,"resume":{"epoch":"${'e'.repeat(65)}","offsets":{}}}`,
  `{"type":"identify","clientId":1,"resume":{"epoch":"x","offsets":{${Array.from({ length: 1_001 }, (_, id) => `"${id}":1`).join()}}}}`,
  '{"type":"ack"}',
  '{"type":"ack","offset":-1}',
  '{"type":"ack","offset":"1"}',
  '{"type":"ack","offset":1,"targetId":{}}',
  '{"type":"token"}',
  '{"type":"token","token":1}',
  '{"type":"ping"',
  `{"type":"ping","pad":${'['.repeat(30_000)}`,
  '{"type":'.repeat(5_000),
  `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
  'GET / HTTP/1.1\r\n\r\n',
  '\ufeff{"type":"ping"}',
  "{'type':'ping'}",
];

const JUNK = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.double(),
  fc.constantFrom(null, true, {}, [], '__proto__', 'group:x', '1', 1),
  fc.dictionary(fc.string({ maxLength: 8 }), fc.integer(), { maxKeys: 4 }),
);
const ALMOST_A_FRAME = fc.record(
  {
    type: fc.oneof(fc.constantFrom('identify', 'ack', 'ping', 'token', 'pong', 'close'), JUNK),
    clientId: JUNK,
    deviceId: JUNK,
    token: JUNK,
    resume: JUNK,
    offset: JUNK,
    targetId: JUNK,
  },
  { requiredKeys: [] },
);
const TEXT = fc.oneof(
  ALMOST_A_FRAME.map((frame) => JSON.stringify(frame)),
  fc.json({ maxDepth: 4 }),
  fc.string({ unit: 'binary', maxLength: 80 }).map((text) => text.toWellFormed()),
);
const GENERATED = 2_000;
const CLOSE: RawFrame = { opcode: 8, payload: Buffer.from([0x03, 0xe8]) };

/** Whole conversations, one for each connection: an upgrade, then a bad frame or other bytes, then a close. */
export function badConversations(count: number, seed: number): Buffer[] {
  const random = createRandom(`${seed}/frames`);
  const texts = [...CORPUS, ...fc.sample(TEXT, { seed, numRuns: GENERATED })].map((text) =>
    Buffer.from(text),
  );
  const upgrade = Buffer.from(upgradeRequest());
  const close = rawFrame(CLOSE);
  return Array.from({ length: count }, (_, index) => {
    const payload = texts[index] ?? changed(random.pick(texts), random);
    const frame = rawFrame({ opcode: 1, payload });
    // Most are valid frames with bad content. The others are not frames at all.
    const bytes = index < texts.length || random.chance(0.7) ? frame : changed(frame, random);
    return Buffer.concat([upgrade, bytes, close]);
  });
}

const KEPT = fc.oneof(
  fc.record({ type: fc.constant('ping'), extra: JUNK, clientId: JUNK, __proto__: JUNK }),
  fc.record({
    type: fc.constant('ack'),
    offset: fc.maxSafeNat(),
    targetId: fc.oneof(fc.nat(), fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._~:@|+-]{0,20}$/)),
    deviceId: JUNK,
  }),
);

/**
 * Frames that are answered and do not end the connection: pings with any content, and acks of messages that were never
 * sent.
 */
export function framesToBeBorne(count: number, seed: number): Buffer[] {
  const random = createRandom(`${seed}/kept`);
  const texts = fc.sample(KEPT, { seed, numRuns: GENERATED }).map((frame) => JSON.stringify(frame));
  return Array.from({ length: count }, () => rawFrame({ opcode: 1, payload: random.pick(texts) }));
}
