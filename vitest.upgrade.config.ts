import { defineConfig } from 'vitest/config';

/** Workspaces are tested from their sources: each package.json names them under this export condition. */
const conditions = ['postline-source', 'node'];

/** What `npm run test:upgrade` runs: rolling upgrades under load. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['tests/upgrade/**/*.test.ts'],
    // An upgrade takes half a minute; installing and building an old release takes more.
    testTimeout: 900_000,
    hookTimeout: 120_000,
  },
});
