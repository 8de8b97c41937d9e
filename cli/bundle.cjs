/**
 * Builds the published package into dist/package: the program with all workspaces in one folder of scripts. Packages of the
 * registry stay dependencies. Needs a build (`npm run build`).
 */
const { copyFileSync, rmSync } = require('node:fs');
const { join } = require('node:path');
const { bundleForNpm } = require('../scripts/bundling.cjs');

const OUT = join(__dirname, 'dist/package');

async function main() {
  rmSync(OUT, { recursive: true, force: true });
  await bundleForNpm({
    entryPoints: { postline: join(__dirname, 'dist/main.js') },
    outdir: OUT,
    addressesFrom: join(__dirname, '..'),
  });
  copyFileSync(join(__dirname, '../LICENSE'), join(OUT, 'LICENSE'));
}

main().catch((error) => {
  if (error.errors === undefined) console.error(error); // esbuild prints its own
  process.exitCode = 1;
});
