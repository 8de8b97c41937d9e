import { expect, it } from 'vitest';
import { progressText } from '../../src/output/progress.ts';

it('[CLI-3] shows a bar where the whole is known, and the seconds in any case', () => {
  expect(progressText({ what: '500 lines sent', share: 0.5 }, 2_900)).toBe(
    '[##########..........] 50 %  500 lines sent  2 s',
  );
  expect(progressText({ what: 'x', share: 1.2 }, 1_000)).toContain('[####################]');
  expect(progressText({ what: 'checking' }, 1_000)).toMatch(/^[|/\\-] checking {2}1 s$/);
});
