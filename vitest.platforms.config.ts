import { defineConfig } from 'vitest/config';

/** What `npm run test:platforms` runs: the client library on Bun, Deno, Jest and Metro, which come from the registry. */
export default defineConfig({
  test: {
    include: ['tests/client-platforms/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 600_000,
  },
});
