/** Ids that have messages. */
export const VICTIMS: readonly string[] = [
  '1',
  '0',
  '10',
  '42',
  '007',
  '9007199254740991',
  'bob',
  'Bob',
  'anna.b',
  'anna_b',
  'alice@shop.example',
  'tenant:1:user:2',
  'a',
  'z'.repeat(128),
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  'null',
  'undefined',
  'true',
  'NaN',
  '1e3',
  '0x1',
  'updates',
  'groupie',
  'user-1',
  'user-10',
  'auth0|5f7c8ec7',
  'user+tag@shop.example',
  '_V1StGXR8',
  '-1',
  'a~b',
  '__proto',
];

/**
 * Homoglyphs, digits of other scripts, and characters that a compatibility normal form or a case mapping turns into
 * ASCII.
 */
const TWINS: Readonly<Record<string, readonly string[]>> = {
  a: ['а', 'ａ', 'ª', 'á', 'a\u0301', 'ɑ'],
  b: ['Ь', 'ｂ', 'ḃ'],
  c: ['с', 'ｃ', 'ç'],
  e: ['е', 'ｅ', 'é', '℮'],
  i: ['і', 'ı', 'İ', 'ｉ'],
  k: ['\u212a', 'ｋ'],
  l: ['ⅼ', 'Ι', '|'],
  o: ['о', 'ο', '０', 'ö', 'ｏ'],
  s: ['ſ', 'ѕ', 'ｓ'],
  u: ['ü', 'υ', 'ｕ'],
  '0': ['０', 'o', 'O', '٠', '⁰'],
  '1': ['１', '¹', '١', 'l', 'I', '①', '𝟏'],
  '2': ['２', '²'],
  '4': ['４', '⁴'],
  '.': ['．', '。', '\u2024'],
  '-': ['‐', '−', '－'],
  '@': ['＠'],
  ':': ['：', '\ua789'],
  '|': ['ǀ', '｜', '∣', '%7C', '%7c', 'l'],
  '+': ['＋', ' ', '%2B', '%20'],
  '~': ['～', '∼', '˜', '%7E'],
  _: ['＿', 'ˍ'],
};

const INVISIBLE = [
  '\u0000',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\u00a0',
  '\u200b',
  '\u200d',
  '\u202e',
  '\u2060',
  '\ufeff',
  '\u00ad',
  '\u0301',
  '\x7f',
];
const AFTER = [
  '.',
  ':',
  '-',
  '_',
  '@',
  '0',
  'a',
  '*',
  '%',
  '?',
  '/',
  '\\',
  "'",
  '"',
  '--',
  ';',
  '%00',
  '%20',
  '\\u0000',
  '#',
  '[0]',
  '.0',
  '/..',
  "' OR '1'='1",
];
const BEFORE = [
  '0',
  '00',
  '+',
  '-',
  '.',
  '/',
  '../',
  '*',
  'a',
  'group:',
  'updates:',
  '__proto__.',
  '%',
  '~',
  '$',
];

/** Strings that resemble the id, or mean the same elsewhere. None of them is the id. */
export function lookAlikes(id: string): string[] {
  const twins = Array.from(id).flatMap((character, at) =>
    (TWINS[character.toLowerCase()] ?? []).map((twin) => id.slice(0, at) + twin + id.slice(at + 1)),
  );
  const all = new Set([
    ...INVISIBLE.flatMap((mark) => [
      `${id}${mark}`,
      `${mark}${id}`,
      `${id.slice(0, 1)}${mark}${id.slice(1)}`,
    ]),
    ...AFTER.map((text) => `${id}${text}`),
    ...BEFORE.map((text) => `${text}${id}`),
    ...twins,
    ...numericTwins(id),
    id.toUpperCase(),
    id.toLowerCase(),
    id.slice(0, -1),
    id.slice(1),
    Array.from(id).reverse().join(''),
    id.repeat(2),
    encodeURIComponent(id).replace(/^./, (first) => `%${first.charCodeAt(0).toString(16)}`),
    Buffer.from(id).toString('base64'),
    `["${id}"]`,
    `{"$eq":"${id}"}`,
    '__proto__',
    'prototype',
    '',
  ]);
  all.delete(id);
  return [...all];
}

/** Texts that some language or database reads as the same number. */
function numericTwins(id: string): string[] {
  if (!/^\d{1,15}$/.test(id)) return [];
  const value = Number(id);
  return [
    `${id}.0`,
    `${id}e0`,
    `${value}n`,
    `0x${value.toString(16)}`,
    `0b${value.toString(2)}`,
    `${id}abc`,
    `${value + 2 ** 32}`,
    `${value}.0000000000000001`,
  ];
}

/** Spellings of the id as a JSON number, for ids that are numbers. Each is either the id itself or invalid. */
export function numberSpellings(id: string): string[] {
  if (!/^(0|[1-9]\d*)$/.test(id)) return [];
  return [
    `${id}.0`,
    `${id}e0`,
    `${id}E+0`,
    `0${id}`,
    `+${id}`,
    `-${id}`,
    `${id}.5`,
    `${id}0e-1`,
    `0x${id}`,
    `${id}n`,
    `1${'0'.repeat(30)}${id}`,
  ];
}
