/** @postline/react and @postline/vue as they are published. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installPacked, linkInstalled, makeTempFolder } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import { checkTarball, importsOf, packedFiles } from './packed-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

interface Manifest {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

describe.each(['react', 'vue'] as const)('@postline/%s', (framework) => {
  const folder = join(ROOT, `packages/client-${framework}`);

  it('[BND-1] is found and typed by every resolver, from its tarball', () => checkTarball(folder));

  it('[BND-1] imports the client and the framework only, and so do its types', async () => {
    const { version, peerDependencies } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    ) as Manifest;
    expect(peerDependencies['@postline/client']).toBe(version.replace(/\d+$/, 'x'));
    const files = await packedFiles(folder);
    expect(files).toContain('LICENSE');
    const imported = files
      .filter((file) => /\.(js|d\.ts)$/.test(file))
      .flatMap((file) => importsOf(folder, file))
      .filter((name) => !name.startsWith('.'));
    expect([...new Set(imported)].sort()).toEqual(['@postline/client', framework]);
  });

  it('[BND-1] has one context in Node, whichever way it is loaded', async () => {
    const code = `
      const required = require('@postline/${framework}');
      import('@postline/${framework}').then((imported) => {
        const names = Object.keys(imported).sort();
        console.log(names.join(), names.every((name) => imported[name] === required[name]));
      });`;
    const { stdout } = await run(process.execPath, ['--input-type=commonjs', '-e', code], { cwd: folder });
    const provides = { react: 'PostlineProvider', vue: 'providePostline' }[framework];
    expect(stdout.trim()).toBe(`${provides},useConnectionState,useMessages,usePostline true`);
  });
});

it('[BND-1] the types accept what the client accepts, and nothing else', async () => {
  const folder = await makeTempFolder('binding-types');
  try {
    for (const name of ['sdk', 'react', 'vue']) await installPacked(`packages/client-${name}`, folder.path);
    await linkInstalled(['react', '@types/react', 'vue', 'typescript'], folder.path);
    await cp(join(ROOT, 'tests/client-package/types-app'), folder.path, { recursive: true });
    await writeFile(join(folder.path, 'package.json'), '{ "type": "module" }\n');
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [compiler, '-p', folder.path]).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(stdout).toBe('');
  } finally {
    await folder.remove();
  }
});
