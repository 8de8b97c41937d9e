/** Kinds of WebSocket frame (RFC 6455, 5.2) that a relay sends here. */
export const OPCODES = { text: 0x1, close: 0x8, ping: 0x9, pong: 0xa } as const;

const FINAL_BIT = 0x80;
const OPCODE_BITS = 0x0f;
const LENGTH_BITS = 0x7f;
const LENGTH_IN_2_BYTES = 126;
const LENGTH_IN_8_BYTES = 127;
const MASK_BYTES = 4;

const NOTHING: Buffer = Buffer.alloc(0);

interface FrameHead {
  readonly opcode: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

/**
 * Cuts what a server sends into frames. It takes only what our servers do (not masked, never in fragments) and throws
 * on anything else, because it has to cost the load generator as little as possible.
 */
export class FrameDecoder {
  readonly #onFrame: (opcode: number, payload: Buffer) => void;
  #rest = NOTHING;

  /** The payload is only to be read during the call: its memory is used again. */
  constructor(onFrame: (opcode: number, payload: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  /** Nothing of the next frame is here yet. */
  get isBetweenFrames(): boolean {
    return this.#rest.length === 0;
  }

  /** Takes the next bytes; they may be overwritten as soon as this returns. */
  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      const head = readHead(bytes, at);
      if (head === undefined || head.payloadEnd > bytes.length) break;
      this.#onFrame(head.opcode, bytes.subarray(head.payloadStart, head.payloadEnd));
      at = head.payloadEnd;
    }
    this.#rest = at === bytes.length ? NOTHING : Buffer.from(bytes.subarray(at));
  }
}

function readHead(bytes: Buffer, at: number): FrameHead | undefined {
  if (bytes.length - at < 2) return undefined;
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  if ((first & FINAL_BIT) === 0) throw new Error('a fragmented frame, which nothing here sends');
  const opcode = first & OPCODE_BITS;
  const length = second & LENGTH_BITS;
  const lengthBytes = length === LENGTH_IN_8_BYTES ? 8 : length === LENGTH_IN_2_BYTES ? 2 : 0;
  const payloadStart = at + 2 + lengthBytes;
  if (bytes.length < payloadStart) return undefined;
  const payloadBytes =
    lengthBytes === 8
      ? Number(bytes.readBigUInt64BE(at + 2))
      : lengthBytes === 2
        ? bytes.readUInt16BE(at + 2)
        : length;
  return { opcode, payloadStart, payloadEnd: payloadStart + payloadBytes };
}

/**
 * One frame as a client sends it. Its mask is all zeros, which leaves the payload as it is: masks protect proxies
 * between strangers, and here both ends are ours.
 */
export function encodeClientFrame(opcode: number, payload: Uint8Array): Buffer {
  const frame = encodeFrame(opcode, payload, MASK_BYTES);
  frame[1] = (frame[1] ?? 0) | FINAL_BIT; // in the second byte this bit says "masked"
  return frame;
}

/** One frame as a server sends it. */
export function encodeServerFrame(opcode: number, payload: Uint8Array): Buffer {
  return encodeFrame(opcode, payload, 0);
}

function encodeFrame(opcode: number, payload: Uint8Array, maskBytes: number): Buffer {
  const lengthBytes = payload.length < LENGTH_IN_2_BYTES ? 0 : payload.length <= 0xffff ? 2 : 8;
  const frame = Buffer.alloc(2 + lengthBytes + maskBytes + payload.length);
  frame[0] = FINAL_BIT | opcode;
  frame[1] = lengthBytes === 0 ? payload.length : lengthBytes === 2 ? LENGTH_IN_2_BYTES : LENGTH_IN_8_BYTES;
  if (lengthBytes === 2) frame.writeUInt16BE(payload.length, 2);
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(payload.length), 2);
  frame.set(payload, 2 + lengthBytes + maskBytes);
  return frame;
}
