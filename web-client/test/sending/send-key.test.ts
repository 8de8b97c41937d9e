import { describe, expect, it } from 'vitest';
import { SendKey } from '../../src/sending/send-key.ts';

describe('SendKey', () => {
  it('[PAGE-7] keeps the key of a message until it is accepted', () => {
    const sendKey = new SendKey();
    const key = sendKey.keyFor({ targetId: '1', text: 'a', isJson: false });
    expect(key).toMatch(/^[\x21-\x7e]{1,255}$/);
    expect(sendKey.keyFor({ targetId: '1', text: 'a', isJson: false })).toBe(key);
    sendKey.accepted();
    expect(sendKey.keyFor({ targetId: '1', text: 'a', isJson: false })).not.toBe(key);
  });

  it('[PAGE-7] uses a new key for another text or target', () => {
    const sendKey = new SendKey();
    const keys = [
      sendKey.keyFor({ targetId: '1', text: 'a', isJson: false }),
      sendKey.keyFor({ targetId: '2', text: 'a', isJson: false }),
      sendKey.keyFor({ targetId: '2', text: 'b', isJson: false }),
      sendKey.keyFor({ targetId: '2', text: 'b', isJson: true }),
    ];
    expect(new Set(keys).size).toBe(4);
  });
});
