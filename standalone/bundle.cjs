/**
 * Builds the published package into dist/package: the program with all workspaces in one script, and the files that it
 * reads. Packages of the registry stay dependencies. Needs a build (`npm run build`).
 */
const { cpSync, mkdirSync, readFileSync, rmSync } = require('node:fs');
const { dirname, join, relative, sep } = require('node:path');
const { build } = require('esbuild');

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

/** Each module finds the files beside it by its own address: in the script that is where it lies in the repository. */
const ADDRESS_IN_REPOSITORY = {
  name: 'address-in-repository',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const place = `./${relative(ROOT, path).split(sep).join('/')}`;
      const address = `new URL(${JSON.stringify(place)}, import.meta.url).href`;
      return { contents: source.replaceAll('import.meta.url', address), loader: 'js' };
    });
  },
};

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
    entryPoints: { 'postline-server': join(__dirname, 'dist/main.js') },
    outdir: OUT,
    bundle: true,
    splitting: true, // a command loads what it needs and starts no service
    format: 'esm',
    platform: 'node',
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'warning',
    plugins: [WORKSPACES_ONLY, ADDRESS_IN_REPOSITORY],
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
