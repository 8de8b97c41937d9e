/**
 * Builds the published package into dist/package: the program with all workspaces in one script, and the files that it
 * reads. Packages of the registry stay dependencies. Needs a build (`npm run build`).
 */
const { cpSync, mkdirSync, rmSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { bundleForNpm } = require('../scripts/bundling.cjs');

const ROOT = join(__dirname, '..');
const OUT = join(__dirname, 'dist/package');

/** Read at the start, at the same places below the script as in the repository. */
const FILES = [
  'LICENSE',
  'web-client/index.html',
  'web-client/page.css',
  'web-client/favicon.svg',
  'web-client/dist/page.js',
  'web-client/operations.html',
  'web-client/operations.css',
  'web-client/dist/operations.js',
  'packages/client-sdk/dist/client.js',
  'db/migrations',
];

async function main() {
  rmSync(OUT, { recursive: true, force: true });
  await bundleForNpm({
    entryPoints: { 'postline-server': join(__dirname, 'dist/main.js') },
    outdir: OUT,
    addressesFrom: ROOT, // the files below lie in the package as in the repository
  });
  for (const file of FILES) {
    mkdirSync(dirname(join(OUT, file)), { recursive: true });
    cpSync(join(ROOT, file), join(OUT, file), { recursive: true });
  }
}

main().catch((error) => {
  if (error.errors === undefined) console.error(error); // esbuild prints its own
  process.exitCode = 1;
});
