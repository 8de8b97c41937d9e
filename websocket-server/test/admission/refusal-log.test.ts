import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RefusalLog } from '../../src/admission/refusal-log.ts';

let now: number;
let lines: Record<string, unknown>[];
let log: RefusalLog;

beforeEach(() => {
  vi.useFakeTimers();
  now = 0;
  lines = [];
  log = new RefusalLog({ warn: (fields: Record<string, unknown>) => void lines.push(fields) }, () => now);
});

afterEach(() => {
  log.stop();
  vi.useRealTimers();
});

describe('[OPS-16] refused connections in the log', () => {
  it('are logged once a minute for each origin, with the setting', () => {
    for (now = 0; now < 60_000; now += 1_000) {
      log.note('origin-not-allowed', 'https://a.example');
      log.note('origin-not-allowed', 'https://b.example');
    }
    const setting = 'ALLOWED_ORIGINS';
    expect(lines).toEqual([
      { reason: 'origin-not-allowed', origin: 'https://a.example', setting },
      { reason: 'origin-not-allowed', origin: 'https://b.example', setting },
    ]);
    log.note('origin-not-allowed', 'https://a.example');
    expect(lines).toHaveLength(3);
  });

  it('are logged once a minute for each cause of a refused token', () => {
    for (const cause of ['missing', 'signature', 'missing']) log.note('token-refused', undefined, cause);
    expect(lines.map(({ cause }) => cause)).toEqual(['missing', 'signature']);
    expect(lines[0]?.['setting']).toContain('CLIENT_TOKEN_SECRET');
  });

  it('are logged for 100 origins a minute at most, the rest as a count', () => {
    for (let origin = 0; origin < 10_000; origin += 1)
      log.note('origin-not-allowed', `https://${origin}.example`);
    expect(lines).toHaveLength(100);
    vi.advanceTimersByTime(60_000);
    expect(lines.slice(100)).toEqual([{ refused: 9_900 }]);
  });

  it('are logged with no more of an origin than a browser sends', () => {
    log.note('origin-not-allowed', `https://${'x'.repeat(10_000)}`);
    expect(lines).toMatchObject([{ origin: expect.stringMatching(/^.{200}$/) }]);
  });

  it('each reason counts by itself; draining is no trouble', () => {
    log.note('host-not-allowed', undefined);
    log.note('too-many-connections', undefined);
    log.note('draining', undefined);
    expect(lines.map(({ setting }) => setting)).toEqual([
      'ALLOWED_HOSTS',
      'CONNECTIONS_MAX, CONNECTIONS_AWAITING_IDENTIFY_MAX',
    ]);
  });
});
