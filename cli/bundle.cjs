/**
 * Builds the published package into dist/package: the program with all workspaces in one folder of scripts. Packages of the
 * registry stay dependencies. Needs a build (`npm run build`).
 */
const { copyFileSync, rmSync } = require('node:fs');
const { join } = require('node:path');
const { build } = require('esbuild');

const OUT = join(__dirname, 'dist/package');

/** Bundles the workspaces, and leaves everything else to be installed. */
const WORKSPACES_ONLY = {
  name: 'workspaces-only',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@postline/') ? undefined : { path, external: true },
    );
  },
};

async function main() {
  rmSync(OUT, { recursive: true, force: true });
  await build({
    entryPoints: { postline: join(__dirname, 'dist/main.js') },
    outdir: OUT,
    bundle: true,
    splitting: true, // a command loads what it needs
    format: 'esm',
    platform: 'node',
    conditions: ['module'],
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
    plugins: [WORKSPACES_ONLY],
  });
  copyFileSync(join(__dirname, '../LICENSE'), join(OUT, 'LICENSE'));
}

main().catch((error) => {
  if (error.errors === undefined) console.error(error); // esbuild prints its own
  process.exitCode = 1;
});
