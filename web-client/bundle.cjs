/** Builds the scripts of the page and of the operations page, which the relay serves. */
const { buildSync } = require('esbuild');

buildSync({
  entryPoints: { page: 'src/main.ts', operations: 'src/operations-main.ts' },
  bundle: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  minify: true,
  outdir: 'dist',
  logLevel: 'warning',
});
