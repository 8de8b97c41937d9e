import { describe, expect, it } from 'vitest';
import { refusalAnswer } from '../src/upgrade-refusal.ts';

describe('refusalAnswer', () => {
  it('[LIM-1] is a whole answer; what may be otherwise later says when to ask', () => {
    expect(refusalAnswer('too-many-connections')).toBe(
      'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain\r\nRetry-After: 5\r\n' +
        'Content-Length: 21\r\n\r\ntoo-many-connections\n',
    );
    expect(refusalAnswer('too-many-from-this-address')).toMatch(/^HTTP\/1\.1 429 .*\r\nRetry-After: 5\r\n/s);
  });

  it('[PUB-13] a stranger is not told to come back', () => {
    expect(refusalAnswer('host-not-allowed')).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(refusalAnswer('host-not-allowed')).not.toContain('Retry-After');
  });
});
