import { defineConfig } from 'vitest/config';
import { fromSource } from './vitest.from-source.ts';

/** The first build installs every dependency twice over the network. */
const BUILD_AND_START_MS = 900_000;
/** Restarts and stops of all containers, each within its own grace period. */
const CONTAINER_STEP_MS = 180_000;

/** What `npm run test:compose` runs: the Docker set-up, and the store's tests on the image's own MySQL. */
export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'reports/compose.json' }]],
    fileParallelism: false,
    projects: [
      {
        ...fromSource,
        test: {
          name: 'compose',
          include: ['tests/compose/**/*.test.ts'],
          sequence: { groupOrder: 0 },
          testTimeout: CONTAINER_STEP_MS,
          hookTimeout: BUILD_AND_START_MS,
        },
      },
      {
        ...fromSource,
        test: {
          name: 'store on the MySQL image',
          include: ['packages/message-store/test/**/*.mysql.test.ts'],
          sequence: { groupOrder: 1 },
          globalSetup: 'tests/compose/mysql-image-server.ts',
          // MySQL takes several times as long as MariaDB to change a schema, which the migrations' tests do a lot.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
