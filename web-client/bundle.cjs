/** Builds the page's script, which the relay serves. */
const { buildSync } = require('esbuild');

buildSync({
  entryPoints: ['src/main.ts'],
  bundle: true,
  format: 'iife',
  target: 'es2022',
  charset: 'utf8',
  minify: true,
  outfile: 'dist/page.js',
  logLevel: 'warning',
});
