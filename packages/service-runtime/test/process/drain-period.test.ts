import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkTogether, drainPeriodMs, readSettings, sharedSettings } from '../../src/index.ts';

const schema = checkTogether(z.object(sharedSettings), 'both-or-none');

describe('DRAIN_SECONDS', () => {
  it.each([
    [{}, 3_000],
    [{ DRAIN_SECONDS: '0' }, 0],
    [{ DRAIN_SECONDS: '6' }, 6_000],
    [{ SHUTDOWN_DEADLINE_MS: '2000' }, 500],
    [{ SHUTDOWN_DEADLINE_MS: '600000', DRAIN_SECONDS: '300' }, 300_000],
  ])('[OPS-21] %j drains for %i ms', (env, milliseconds) => {
    expect(drainPeriodMs(readSettings(schema, env))).toBe(milliseconds);
  });

  it('[OPS-21] without peers the default is not to drain', () => {
    expect(drainPeriodMs(readSettings(schema, {}), { hasPeers: false })).toBe(0);
    expect(drainPeriodMs(readSettings(schema, { DRAIN_SECONDS: '2' }), { hasPeers: false })).toBe(2_000);
  });

  it('[OPS-21] is refused where it leaves too little time to close', () => {
    expect(() => readSettings(schema, { DRAIN_SECONDS: '7' })).toThrow(
      'DRAIN_SECONDS: must be at most half of SHUTDOWN_DEADLINE_MS, which is 12000 ms; raise that too',
    );
    expect(() => readSettings(schema, { DRAIN_SECONDS: '301' })).toThrow('DRAIN_SECONDS: must be an integer');
    expect(() => readSettings(schema, { DRAIN_SECONDS: '301', SHUTDOWN_DEADLINE_MS: 'x' })).toThrow(
      /^SHUTDOWN_DEADLINE_MS: [^\n]*\nDRAIN_SECONDS: [^\n]*$/,
    );
  });
});
