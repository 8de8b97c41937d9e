import fc from 'fast-check';
import { createRandom, type Random } from '../faults/src/random.ts';

/** Bodies that somebody has thought of. None of them is a valid message. */
const CORPUS: readonly (string | Buffer)[] = [
  '',
  ' ',
  'null',
  'true',
  '0',
  '-0',
  '1e999',
  '""',
  '[]',
  '{}',
  '[[]]',
  '{',
  '}',
  '{"message"',
  '{"message":"x","targetId":1',
  '{"message":"x","targetId":1}}',
  '{"message":"x","targetId":1}\u0000',
  '{"message":"x","targetId":01}',
  '{"message":"x","targetId":+1}',
  '{"message":"x","targetId":.5}',
  '{"message":"x","targetId":1.5}',
  '{"message":"x","targetId":-1}',
  '{"message":"x","targetId":9007199254740992}',
  '{"message":"x","targetId":1e400}',
  '{"message":"x","targetId":NaN}',
  '{"message":"x","targetId":null}',
  '{"message":"x","targetId":true}',
  '{"message":"x","targetId":[1]}',
  '{"message":"x","targetId":{"$ne":1}}',
  '{"message":"x","targetId":{"toString":"x"}}',
  '{"message":"x","targetId":""}',
  '{"message":"x","targetId":" 1"}',
  '{"message":"x","targetId":"1 "}',
  '{"message":"x","targetId":"1\\u0000"}',
  '{"message":"x","targetId":"1\' OR 1=1 -- "}',
  '{"message":"x","targetId":"*"}',
  '{"message":"x","targetId":"../../etc/passwd"}',
  '{"message":"x","targetId":"group:"}',
  `{"message":"x","targetId":"${'a'.repeat(129)}"}`,
  '{"message":"","targetId":1}',
  '{"message":1,"targetId":1}',
  '{"message":["x"],"targetId":1}',
  '{"message":{"length":3},"targetId":1}',
  '{"message":"\\ud800","targetId":1}',
  '{"message":"\\udc00\\ud800","targetId":1}',
  `{"message":"${'x'.repeat(65_536)}","targetId":1}`,
  `{"message":"${'é'.repeat(32_768)}","targetId":1}`,
  '{"__proto__":{"message":"x","targetId":1}}',
  '{"constructor":{"prototype":{"message":"x","targetId":1}}}',
  '{"message":"x","__proto__":{"targetId":1}}',
  '{"messages":[]}',
  '{"messages":{}}',
  '{"messages":{"length":1000000000}}',
  '{"messages":[null]}',
  '{"messages":"x"}',
  `{"messages":[${'0,'.repeat(1_000)}0]}`,
  `{"messages":[${'[],'.repeat(200)}[]]}`,
  '['.repeat(20_000),
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  `{"message":${'['.repeat(10_000)}${']'.repeat(10_000)},"targetId":1}`,
  `{"targetId":${'9'.repeat(10_000)},"message":"x"}`,
  '\ufeff{"message":"x"}',
  "{'message':'x','targetId':1}",
  '{message:"x",targetId:1}',
  '{"message":"x",}',
  '/* x */{"message":"x"}',
  'message=x&targetId=1',
  '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
  Buffer.from([0xff, 0xfe, 0x7b, 0x00]),
  Buffer.from([0x1f, 0x8b, 0x08, 0x00]),
  Buffer.from('{"message":"\xff\xfe","targetId":1}', 'latin1'),
  Buffer.from('{"message":"x","targetId":1}', 'utf16le'),
];

const JSON_VALUE = fc.json({ maxDepth: 4 });
const WRONG_FIELD = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.double(),
  fc.bigInt().map(String),
  fc.constantFrom(null, true, false, {}, [], [[]], '__proto__', 'constructor', 'toString'),
  fc.dictionary(fc.string({ maxLength: 10 }), fc.integer(), { maxKeys: 5 }),
);
const WRONG_MESSAGE = fc.record(
  { message: WRONG_FIELD, targetId: WRONG_FIELD, idempotencyKey: WRONG_FIELD, extra: WRONG_FIELD },
  { requiredKeys: [] },
);
const BODY: fc.Arbitrary<string | Buffer> = fc.oneof(
  JSON_VALUE,
  WRONG_MESSAGE.map((value) => JSON.stringify(value)),
  fc.array(WRONG_MESSAGE, { maxLength: 5 }).map((messages) => JSON.stringify({ messages })),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
);

/** How many bodies are generated. The others are variations, which are faster to make. */
const GENERATED = 2_000;

/** Makes this many bodies: the corpus, generated ones, and variations of both with a few bytes changed. */
export function badBodies(count: number, seed: number): Buffer[] {
  const generated = fc.sample(BODY, { seed, numRuns: GENERATED });
  const originals = [...CORPUS, ...generated].map((body) => Buffer.from(body));
  const random = createRandom(seed);
  const variations = Array.from({ length: Math.max(0, count - originals.length) }, () =>
    changed(random.pick(originals), random),
  );
  return [...originals, ...variations].slice(0, count);
}

/** Longer bodies stay unchanged, because only their length matters. */
const CHANGED_BYTES_MAX = 2_000;

/** A copy with a few of its bytes replaced, removed or doubled. */
export function changed(original: Buffer, random: Random): Buffer {
  let bytes = original.subarray(0, CHANGED_BYTES_MAX);
  for (let times = random.integer(1, 3); times > 0; times -= 1) {
    const at = random.integer(0, bytes.length);
    const inserted = random.chance(0.3) ? Buffer.alloc(0) : Buffer.from([random.integer(0, 255)]);
    bytes = Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + random.integer(0, 2))]);
  }
  return bytes;
}
