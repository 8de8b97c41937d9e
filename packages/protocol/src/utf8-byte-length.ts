/** Bytes that `text` takes in UTF-8. Lone surrogates count as the three bytes of their replacement character. */
export function utf8ByteLength(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    const next = isHighSurrogate(unit) ? text.charCodeAt(index + 1) : 0;
    if (isLowSurrogate(next)) index += 1; // a pair is 2 units and 4 bytes: the 2 counted, and the 2 just added
  }
  return bytes;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
