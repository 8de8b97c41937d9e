import { type RawFrame, rawFrame } from '@postline/test-support';

export const PING = '{"type":"ping"}';
export const PONG = '{"type":"pong"}';
const CONTINUATION = 0;
const TEXT = 1;
const CLOSE = 8;
export const PROTOCOL_PING = 9;
const PROTOCOL_PONG = 10;

/** One case that must fail or pass, with the section of the RFC that requires it. */
export interface ConformanceCase {
  readonly section: string;
  readonly it: string;
  readonly send: readonly (RawFrame | Buffer)[];
}

export const text = (payload: string | Buffer, more: Partial<RawFrame> = {}): RawFrame => {
  return { opcode: TEXT, payload, ...more };
};
const first = (payload: string | Buffer): RawFrame => text(payload, { isLast: false });
const middle = (payload: string | Buffer): RawFrame => {
  return { opcode: CONTINUATION, payload, isLast: false };
};
const last = (payload: string | Buffer): RawFrame => ({ opcode: CONTINUATION, payload });
export const close = (...bytes: readonly number[]): RawFrame => ({
  opcode: CLOSE,
  payload: Buffer.from(bytes),
});
export const closeWith = (code: number, reason: string | Buffer = ''): RawFrame => {
  return {
    opcode: CLOSE,
    payload: Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]),
  };
};
/** Only the head of a frame; its payload never comes. */
const head = (...bytes: readonly number[]): Buffer => Buffer.from(bytes);

const EURO = Buffer.from('€');
const textOfPing = (bytes: Buffer) =>
  Buffer.concat([Buffer.from('{"type":"ping","pad":"'), bytes, Buffer.from('"}')]);

const RESERVED_OPCODES = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];
const CODES_NEVER_SENT = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];
export const CODES_TO_SEND = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
const BAD_UTF8: Readonly<Record<string, readonly number[]>> = {
  'a lone continuation byte': [0x80],
  'a byte that never occurs': [0xff],
  'an overlong slash': [0xc0, 0xaf],
  'an overlong NUL': [0xe0, 0x80, 0x80],
  'a surrogate half': [0xed, 0xa0, 0x80],
  'beyond U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
  'a cut-off sequence': [0xe2, 0x82],
};

/** The relay must fail the connection, with this code if it sends one. */
export const FAILED: readonly (ConformanceCase & { readonly code: number })[] = [
  ...[4, 2, 1, 7].map((reserved) => ({
    section: '5.2',
    it: `reserved bits ${reserved.toString(2).padStart(3, '0')} that no extension defines`,
    send: [text(PING, { reserved })],
    code: 1002,
  })),
  {
    section: '5.2',
    it: 'a reserved bit on a continuation',
    send: [first('{'), { ...last('}'), reserved: 4 }],
    code: 1002,
  },
  {
    section: '5.2',
    it: 'a reserved bit on a ping',
    send: [{ opcode: PROTOCOL_PING, payload: '', reserved: 4 }],
    code: 1002,
  },
  ...RESERVED_OPCODES.map((opcode) => ({
    section: '5.2',
    it: `reserved opcode ${opcode}`,
    send: [{ opcode, payload: '' }],
    code: 1002,
  })),
  {
    section: '5.2',
    it: 'a 64-bit length with its highest bit set',
    send: [head(0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1)],
    code: 1009,
  },
  {
    section: '5.2',
    it: 'a 64-bit length beyond 2^53',
    send: [head(0x81, 0xff, 0, 0x20, 0, 0, 0, 0, 0, 1)],
    code: 1009,
  },
  {
    section: '10.4',
    it: 'a 64-bit length of 4 GiB',
    send: [head(0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0)],
    code: 1009,
  },
  {
    section: '10.4',
    it: 'a length one above the limit of an identify frame, before its payload',
    send: [head(0x81, 0xff, 0, 0, 0, 0, 0, 4, 0, 1)],
    code: 1009,
  },
  {
    section: '10.4',
    it: 'fragments that are too large together',
    send: [first('x'.repeat(40_000)), last('x'.repeat(40_000))],
    code: 1009,
  },
  { section: '5.1', it: 'a frame without a mask', send: [text(PING, { isMasked: false })], code: 1002 },
  {
    section: '5.1',
    it: 'a ping without a mask',
    send: [{ opcode: PROTOCOL_PING, payload: '', isMasked: false }],
    code: 1002,
  },
  { section: '5.4', it: 'a continuation without a start', send: [last(PING)], code: 1002 },
  { section: '5.4', it: 'a continuation without a start or an end', send: [middle('{')], code: 1002 },
  { section: '5.4', it: 'a continuation after a whole message', send: [text(PING), last(PING)], code: 1002 },
  {
    section: '5.4',
    it: 'a new message between the fragments of another',
    send: [first('{'), text(PING)],
    code: 1002,
  },
  {
    section: '5.4',
    it: 'a new fragmented message between the fragments',
    send: [first('{'), first('{')],
    code: 1002,
  },
  {
    section: '5.5',
    it: 'a fragmented ping',
    send: [{ opcode: PROTOCOL_PING, payload: '', isLast: false }],
    code: 1002,
  },
  {
    section: '5.5',
    it: 'a fragmented pong',
    send: [{ opcode: PROTOCOL_PONG, payload: '', isLast: false }],
    code: 1002,
  },
  { section: '5.5', it: 'a fragmented close', send: [{ ...close(3, 0xe8), isLast: false }], code: 1002 },
  {
    section: '5.5',
    it: 'a ping of 126 bytes',
    send: [{ opcode: PROTOCOL_PING, payload: 'x'.repeat(126) }],
    code: 1002,
  },
  {
    section: '5.5',
    it: 'a pong of 126 bytes',
    send: [{ opcode: PROTOCOL_PONG, payload: 'x'.repeat(126) }],
    code: 1002,
  },
  { section: '5.5', it: 'a close of 126 bytes', send: [closeWith(1000, 'x'.repeat(124))], code: 1002 },
  {
    section: '5.5',
    it: 'a ping with a 64-bit length',
    send: [{ opcode: PROTOCOL_PING, payload: '', lengthBytes: 8 }],
    code: 1002,
  },
  { section: '5.5.1', it: 'a close with one byte', send: [close(3)], code: 1002 },
  ...CODES_NEVER_SENT.map((code) => ({
    section: '7.4',
    it: `a close with code ${code}, which must not be sent`,
    send: [closeWith(code)],
    code: 1002,
  })),
  {
    section: '5.5.1',
    it: 'a close with a reason that is not UTF-8',
    send: [closeWith(1000, Buffer.from([0xff]))],
    code: 1007,
  },
  ...Object.entries(BAD_UTF8).map(([what, bytes]) => ({
    section: '8.1',
    it: `${what} in a text`,
    send: [text(textOfPing(Buffer.from(bytes)))],
    code: 1007,
  })),
  {
    section: '8.1',
    it: 'bad UTF-8 that only the next fragment reveals',
    send: [first(Buffer.concat([Buffer.from('"'), EURO.subarray(0, 2)])), last('"')],
    code: 1007,
  },
];

/** The relay must answer the ping among these frames. */
export const TAKEN: readonly ConformanceCase[] = [
  { section: '5.1', it: 'a masked text', send: [text(PING)] },
  { section: '5.2', it: 'a length in two bytes', send: [text(textOfPing(Buffer.alloc(200, 0x20)))] },
  {
    section: '5.2',
    it: 'a length in eight bytes',
    send: [text(textOfPing(Buffer.alloc(65_000, 0x20)), { lengthBytes: 8 })],
  },
  { section: '5.4', it: 'a message in fragments', send: [first('{"type"'), middle(':'), last('"ping"}')] },
  { section: '5.4', it: 'empty fragments', send: [first(''), middle(''), middle(PING), last('')] },
  {
    section: '5.4',
    it: 'a ping and a pong between fragments',
    send: [
      first('{"type"'),
      { opcode: PROTOCOL_PING, payload: 'x' },
      { opcode: PROTOCOL_PONG, payload: '' },
      last(':"ping"}'),
    ],
  },
  {
    section: '5.5.2',
    it: 'a ping of 125 bytes',
    send: [{ opcode: PROTOCOL_PING, payload: 'x'.repeat(125) }, text(PING)],
  },
  {
    section: '5.5.3',
    it: 'a pong that nobody asked for',
    send: [{ opcode: PROTOCOL_PONG, payload: 'x' }, text(PING)],
  },
  {
    section: '8.1',
    it: 'a character that is split between fragments',
    send: [
      first(Buffer.concat([Buffer.from('{"type":"ping","pad":"'), EURO.subarray(0, 1)])),
      last(Buffer.concat([EURO.subarray(1), Buffer.from('"}')])),
    ],
  },
  {
    section: '8.1',
    it: 'the last code point, noncharacters and NUL',
    send: [text(textOfPing(Buffer.from('\u{10FFFF}\uFFFF\\u0000')))],
  },
];

/** The title of the case's test. */
export const titleOf = ({ section, it: what }: ConformanceCase): string => `§${section} ${what}`;

/** The bytes to send. */
export const bytesOf = (send: ConformanceCase['send']): Buffer => {
  return Buffer.concat(send.map((part) => (Buffer.isBuffer(part) ? part : rawFrame(part))));
};
