/** The most that V8 was measured to allocate for each result of JSON.parse: every key can be new, numbers can be boxed. */
const OBJECT_BYTES = 64;
const ARRAY_BYTES = 64;
const PROPERTY_BYTES = 96;
const ELEMENT_BYTES = 24;
const STRING_BYTES = 32;
/** A number such as 1e20 takes 17 bytes more as text if a message is given as JSON. The letter is also in true and false. */
const EXPONENT_TEXT_BYTES = 17;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
/** Of an exponent, in both cases. */
const LETTER_E = 0x65;
const TO_LOWER_CASE = 0x20;
/** From this byte on a character is beyond U+00FF: then each character of its text takes two bytes in memory. */
const WIDE_FROM = 0xc4;

const COST_OUTSIDE_STRINGS = new Uint8Array(256);
COST_OUTSIDE_STRINGS['{'.charCodeAt(0)] = OBJECT_BYTES;
COST_OUTSIDE_STRINGS['['.charCodeAt(0)] = ARRAY_BYTES;
COST_OUTSIDE_STRINGS[':'.charCodeAt(0)] = PROPERTY_BYTES;
COST_OUTSIDE_STRINGS[','.charCodeAt(0)] = ELEMENT_BYTES;

export interface JsonCost {
  /** Bytes allocated while parsing: the decoded text, and every value in it. */
  readonly parsingBytes: number;
  /** Bytes of all texts in it, and of its values as text: an upper bound for the messages that are made of it. */
  readonly textBytes: number;
}

/**
 * Estimates the memory for parsing this JSON by one pass over its bytes. Eight MiB can hold three million empty objects,
 * which take twenty times as much; the text of a message takes no more than itself.
 */
export function jsonCost(json: Uint8Array): JsonCost {
  let valuesBytes = 0;
  let exponentBytes = 0;
  let isWide = false;
  let isInString = false;
  for (let index = 0; index < json.length; index += 1) {
    const byte = json[index] ?? 0;
    if (byte >= WIDE_FROM) isWide = true;
    if (byte === QUOTE) {
      isInString = !isInString;
      if (isInString) valuesBytes += STRING_BYTES;
    } else if (!isInString) {
      valuesBytes += COST_OUTSIDE_STRINGS[byte] ?? 0;
      if ((byte | TO_LOWER_CASE) === LETTER_E) exponentBytes += EXPONENT_TEXT_BYTES;
    } else if (byte === BACKSLASH) {
      index += 1;
      if (json[index] === LETTER_U) isWide = true;
    }
  }
  const textBytes = json.length * (isWide ? 2 : 1) + exponentBytes;
  return { parsingBytes: 2 * textBytes + valuesBytes, textBytes };
}
