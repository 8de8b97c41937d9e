/** Prints the sizes of what browsers download, and checks their bounds. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { transformSync } from 'esbuild';

interface Bound {
  readonly name: string;
  readonly code: string | Buffer;
  readonly gzippedBytesMax: number;
}

const BOUNDS: readonly Bound[] = [
  // Less than one small picture.
  {
    name: 'client.js',
    code: readFileSync('packages/client-sdk/dist/client.js'),
    gzippedBytesMax: 7 * 1_024,
  },
  // Without the client and the framework, as a bundler minifies them.
  ...['react', 'vue'].map((name) => ({
    name: `@postline/${name}`,
    code: minified(readFileSync(`packages/client-${name}/dist/index.js`, 'utf8')),
    gzippedBytesMax: 2 * 1_024,
  })),
];

function minified(code: string): string {
  return transformSync(code, { minify: true, format: 'esm', target: 'es2022' }).code;
}

for (const { name, code, gzippedBytesMax } of BOUNDS) {
  const gzippedBytes = gzipSync(code, { level: 9 }).length;
  console.log(`${name}: ${code.length} bytes, ${gzippedBytes} gzipped, at most ${gzippedBytesMax} allowed`);
  if (gzippedBytes > gzippedBytesMax) process.exitCode = 1;
}
