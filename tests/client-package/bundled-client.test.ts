/** What a bundler takes from the package for a page, and what it leaves out. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SCRIPT = new URL('../../packages/client-sdk/dist/client.js', import.meta.url);

/** With everything that the script for pages leaves out. */
const CLIENT_GZIPPED_BYTES_MAX = 9 * 1_024;
const ERROR_GZIPPED_BYTES_MAX = 1_024;

/** A text of each part of the library that survives minification. */
const PARTS = {
  client: 'inbox_full',
  explanations: 'The relay is restarting.',
  publisher: 'Idempotency-Key',
  store: 'sessionStorage',
} as const;

async function bundle(names: string): Promise<string> {
  const contents = `export ${names} from '@postline/client';`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: HERE },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

function partsOf(code: string): string[] {
  return Object.entries(PARTS).flatMap(([part, text]) => (code.includes(text) ? [part] : []));
}

const gzippedBytes = (code: string | Buffer) => gzipSync(code, { level: 9 }).length;

describe('a bundler leaves out what a page does not use', () => {
  it.each([
    ['*', ['client', 'explanations', 'publisher', 'store']],
    ['{ PostlineClient }', ['client']],
    ['{ PostlineClient, localStorageCursorStore }', ['client', 'store']],
    ['{ PostlinePublisher }', ['publisher']],
    ['{ PostlineError, PublishError, memoryCursorStore }', []],
    ['{ explainClose }', ['explanations']],
  ])('[SDK-26] %s', async (names, parts) => {
    expect(partsOf(await bundle(names))).toEqual(parts);
  });

  it('[SDK-26] the client alone is little larger than the script for pages', async () => {
    const [client, whole, error] = [
      gzippedBytes(await bundle('{ PostlineClient }')),
      gzippedBytes(await bundle('*')),
      gzippedBytes(await bundle('{ PostlineError }')),
    ];
    const script = gzippedBytes(readFileSync(SCRIPT));
    console.log(`gzipped: client.js ${script} B, { PostlineClient } ${client} B, everything ${whole} B`);
    expect(client).toBeLessThan(whole);
    expect(client).toBeLessThanOrEqual(CLIENT_GZIPPED_BYTES_MAX);
    expect(error).toBeLessThanOrEqual(ERROR_GZIPPED_BYTES_MAX);
  });
});
