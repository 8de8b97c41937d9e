import { expect, it } from 'vitest';
import { checkClocks } from '../../src/doctor/check-clock.ts';

const NOW = Date.parse('2026-11-29T03:00:00Z');
const reading = (of: string, aheadMs: number, unclearMs = 500) => ({
  of,
  atMs: NOW + aheadMs,
  hereMs: NOW,
  unclearMs,
});

it('[CLI-6] clocks that are less than 5 s apart are right, and a reading is allowed its own error', () => {
  expect(checkClocks([reading('api', 4_000), reading('relay', -5_400)])).toEqual([
    { check: 'clock', status: 'ok', text: 'api, relay: within 5 s of this machine' },
  ]);
});

it('[CLI-6] each clock that is wrong is named, with by how much and what to do', () => {
  expect(checkClocks([reading('api', 90_000), reading('relay', 0), reading('database', -6_000, 0)])).toEqual([
    expect.objectContaining({
      status: 'fault',
      text: "the clock of the api is 90 s ahead of this machine's",
      todo: expect.stringContaining('NTP'),
    }),
    expect.objectContaining({ text: "the clock of the database is 6 s behind this machine's" }),
  ]);
});
