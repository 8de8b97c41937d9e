/** How programs for Node are bundled: those that `npm run build` makes, and those of the published packages. */
const { readFileSync } = require('node:fs');
const { relative, sep } = require('node:path');
const { build } = require('esbuild');

/** Leaves the packages of the registry to be installed. */
const WORKSPACES_ONLY = {
  name: 'workspaces-only',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@postline/') ? undefined : { path, external: true },
    );
  },
};

/**
 * A module finds other files by its own address, `import.meta.url`. In a bundle that would be the address of the bundle. So
 * it is replaced by the module's, relative to `folder`, in which the bundle is started.
 */
function keepAddresses(folder) {
  return {
    name: 'keep-addresses',
    setup: ({ onLoad }) => {
      onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
        const source = readFileSync(path, 'utf8');
        if (!source.includes('import.meta.url')) return undefined;
        const place = relative(folder, path).split(sep).join('/');
        const address = `new URL(${JSON.stringify(place)}, import.meta.url).href`;
        return { contents: source.replaceAll('import.meta.url', address), loader: 'js' };
      });
    },
  };
}

/**
 * Bundles ES modules with what they import. What is imported by `import()` stays in files of its own, which are loaded
 * when they are needed. Names are kept, so that stack traces can be read.
 */
function bundleForNode({ addressesFrom, plugins = [], ...options }) {
  return build({
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    conditions: ['module'],
    target: 'node20',
    logLevel: 'warning',
    plugins: [...plugins, keepAddresses(addressesFrom)],
    ...options,
  });
}

/** Bundles the workspaces into the program of a published package. */
function bundleForNpm(options) {
  return bundleForNode({ banner: { js: '#!/usr/bin/env node' }, plugins: [WORKSPACES_ONLY], ...options });
}

module.exports = { bundleForNode, bundleForNpm };
