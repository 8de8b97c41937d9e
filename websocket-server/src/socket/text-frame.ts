/** The head of a complete text frame (RFC 6455, 5.2); a server's frames are never masked. */
const FINAL_TEXT = 0x81;
const LENGTH_IN_HEAD_MAX = 125;
const LENGTH_IN_2_BYTES = 126;
const LENGTH_IN_2_BYTES_MAX = 0xffff;
const LENGTH_IN_8_BYTES = 127;

/** One text frame for each text, in one buffer. */
export function encodeTextFrames(texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const total = lengths.reduce((sum, length) => sum + headBytes(length) + length, 0);
  const bytes = Buffer.allocUnsafe(total);
  let at = 0;
  for (const [index, text] of texts.entries()) {
    at = writeHead(bytes, at, lengths[index] ?? 0);
    at += bytes.write(text, at);
  }
  return bytes;
}

/** The text frame of one text. */
export function encodeTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(headBytes(length) + length);
  bytes.write(text, writeHead(bytes, 0, length));
  return bytes;
}

function headBytes(length: number): number {
  if (length <= LENGTH_IN_HEAD_MAX) return 2;
  return length <= LENGTH_IN_2_BYTES_MAX ? 4 : 10;
}

/** Returns where the payload begins. */
function writeHead(bytes: Buffer, at: number, length: number): number {
  bytes[at] = FINAL_TEXT;
  if (length <= LENGTH_IN_HEAD_MAX) {
    bytes[at + 1] = length;
    return at + 2;
  }
  if (length <= LENGTH_IN_2_BYTES_MAX) {
    bytes[at + 1] = LENGTH_IN_2_BYTES;
    return bytes.writeUInt16BE(length, at + 2);
  }
  bytes[at + 1] = LENGTH_IN_8_BYTES;
  return bytes.writeBigUInt64BE(BigInt(length), at + 2);
}
