/** Prints the size of the client library, and checks its bound. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** 7 KB gzipped: less than one small picture. */
const GZIPPED_BYTES_MAX = 7 * 1_024;

const script = readFileSync('packages/client-sdk/dist/client.js');
const gzippedBytes = gzipSync(script, { level: 9 }).length;
console.log(
  `client.js: ${script.length} bytes, ${gzippedBytes} gzipped, at most ${GZIPPED_BYTES_MAX} allowed`,
);
process.exitCode = gzippedBytes <= GZIPPED_BYTES_MAX ? 0 : 1;
