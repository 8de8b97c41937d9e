import { describe, expect, it } from 'vitest';
import { mayReconnect } from '../src/close-codes.ts';
import { CLOSE_CODES } from '../src/index.ts';

describe('close codes', () => {
  it('[PRO-5] the range alone says whether to reconnect', () => {
    for (let code = 4000; code <= 4499; code += 1) expect(mayReconnect(code)).toBe(true);
    for (let code = 4500; code <= 4999; code += 1) expect(mayReconnect(code)).toBe(false);
    for (const code of [1001, 1005, 1006, 1011, 1012, 1013]) expect(mayReconnect(code)).toBe(true);
    for (const code of [1000, 1002, 1003, 1007, 1008, 1009, 1010]) expect(mayReconnect(code)).toBe(false);
  });

  it('[PRO-5] each code that the relay uses is in its range', () => {
    const byName = Object.entries(CLOSE_CODES).map(([name, code]) => `${name} ${code} ${mayReconnect(code)}`);
    expect(byName).toMatchInlineSnapshot(`
      [
        "draining 1001 true",
        "frameTooLarge 1009 false",
        "overloaded 1013 true",
        "tokenExpired 4001 true",
        "noProgress 4002 true",
        "logRestarted 4003 true",
        "identifyTimeout 4008 true",
        "tooMany 4029 true",
        "badFrame 4500 false",
        "unauthorized 4501 false",
        "notAllowed 4503 false",
        "disconnectedByApi 4510 false",
      ]
    `);
  });
});
