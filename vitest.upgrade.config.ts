import { defineConfig } from 'vitest/config';

/** Workspaces are tested from their sources: each package.json names them under this export condition. */
const conditions = ['postline-source', 'node'];

/** What `npm run test:upgrade` runs: rolling upgrades under load. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['tests/upgrade/**/*.test.ts'],
    fileParallelism: false, // each loads the machine by itself
    // An upgrade takes a minute; installing and building an old release takes more, and a loaded machine much more.
    testTimeout: 3_600_000,
    hookTimeout: 600_000,
  },
});
