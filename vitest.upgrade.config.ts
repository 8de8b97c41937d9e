import { defineConfig } from 'vitest/config';
import { fromSource } from './vitest.from-source.ts';

/** What `npm run test:upgrade` runs: rolling upgrades under load. */
export default defineConfig({
  ...fromSource,
  test: {
    include: ['tests/upgrade/**/*.test.ts'],
    fileParallelism: false, // each loads the machine by itself
    // An upgrade takes a minute; installing and building an old release takes more, and a loaded machine much more.
    testTimeout: 3_600_000,
    hookTimeout: 600_000,
  },
});
