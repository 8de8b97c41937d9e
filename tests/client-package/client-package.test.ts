import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { checkTarball, importsOf, packedFiles, pathsIn } from './packed-files.ts';

const FOLDER = fileURLToPath(new URL('../../packages/client-sdk/', import.meta.url));
const run = promisify(execFile);

interface Manifest {
  readonly main: string;
  readonly types: string;
  readonly browser: string;
  readonly exports: unknown;
}

const manifest = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')) as Manifest;

/** Evaluates an expression in a separate Node process that has the package installed. */
async function evaluate(code: string, ...options: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [...options, '--input-type=commonjs', '-e', code], {
    cwd: FOLDER,
    timeout: 20_000,
  });
  return stdout.trim();
}

describe('the package as it is published', () => {
  it('[SDK-18] holds every file that it names, and every file that those import', async () => {
    const files = new Set(await packedFiles(FOLDER));
    const named = [manifest.main, manifest.types, manifest.browser, ...pathsIn(manifest.exports)];
    const queue = [...new Set(named.map((path) => posix.normalize(path)))];
    const seen = new Set(queue);
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      expect(files).toContain(path);
      if (path === 'dist/client.js' || path.endsWith('.json')) continue;
      for (const name of importsOf(FOLDER, path)) {
        if (!name.startsWith('.')) {
          expect([path, name]).toEqual([expect.stringMatching(/(^|\/)node\.js$/), 'ws']);
          continue;
        }
        const target = posix.join(posix.dirname(path), name);
        const file = path.endsWith('.d.ts') ? target.replace(/\.js$/, '.d.ts') : target;
        if (!seen.has(file)) queue.push(file);
        seen.add(file);
      }
    }
    expect(
      [...files].filter(
        (file) =>
          !/^(dist\/.*\.(js|js\.map|d\.ts)|dist\/cjs\/package\.json|package\.json|README\.md|LICENSE)$/.test(
            file,
          ),
      ),
    ).toEqual([]);
  });

  it('[SDK-18] is found and typed by every resolver, from its tarball', async () => {
    // The classic script is for pages, and is not imported.
    await checkTarball(FOLDER, '--exclude-entrypoints', 'client.js');
  });

  it('[SDK-18] has types that need no other package', async () => {
    for (const file of await packedFiles(FOLDER))
      if (file.endsWith('.d.ts'))
        expect(importsOf(FOLDER, file).filter((name) => !name.startsWith('.'))).toEqual([]);
  });

  it('[SDK-18] gives one class, whichever way it is loaded in Node', async () => {
    const code = `
      const required = require('@postline/client');
      import('@postline/client').then((imported) => {
        const names = Object.keys(imported).sort();
        const same = names.filter((name) => required[name] === imported[name]);
        console.log(JSON.stringify([names, same, Object.keys(required).sort()]));
      });`;
    const [imported, same, required] = JSON.parse(await evaluate(code)) as string[][];
    expect(imported).toContain('PostlineClient');
    expect(same).toEqual(imported);
    expect(required).toEqual(imported);
  });

  it.each([
    ['as Jest does for jsdom', ['--conditions=browser']],
    ['as Jest does for Node', []],
    ['as a bundler does', ['--conditions=browser', '--conditions=module']],
    ['as a bundler for Node does', ['--conditions=module']],
  ])('[SDK-18] is loaded by import and by require, %s', async (_name, options) => {
    const imported = `import('@postline/client').then((client) => console.log(Object.keys(client).length))`;
    expect(await evaluate(imported, ...options)).toBe('7');
    const isModule = options.includes('--conditions=module');
    // Node itself does not require ES modules everywhere; a bundler that asks for them does.
    if (isModule) return;
    const code = `const client = require('@postline/client');
      const error = new client.PostlineError('gap');
      console.log(Object.keys(client).length, error instanceof client.PostlineError);`;
    expect(await evaluate(code, ...options)).toBe('7 true');
  });

  it('[SDK-18] an error of one copy is known to another', async () => {
    const code = `
      const { PostlineError } = require('@postline/client');
      import(${JSON.stringify(join(FOLDER, 'dist/index.js'))}).then((other) => {
        console.log(other.PostlineError === PostlineError, new other.PostlineError('gap') instanceof PostlineError);
      });`;
    expect(await evaluate(code)).toBe('false true');
  });

  const { ESNext, NodeNext, Node16, CommonJS } = ts.ModuleKind;
  const Resolution = ts.ModuleResolutionKind;

  it.each([
    { file: 'a.ts', module: ESNext, resolution: Resolution.Bundler, types: 'dist/index.d.ts' },
    { file: 'a.mts', module: NodeNext, resolution: Resolution.NodeNext, types: 'dist/node.d.ts' },
    { file: 'a.mts', module: Node16, resolution: Resolution.Node16, types: 'dist/node.d.ts' },
    { file: 'a.cts', module: Node16, resolution: Resolution.Node16, types: 'dist/cjs/node.d.ts' },
  ])(
    '[SDK-18] has types for $file of a TypeScript project with module $module and moduleResolution $resolution',
    ({ file, module, resolution, types }) => {
      const options = { module, moduleResolution: resolution };
      const kind = file.endsWith('.cts') ? CommonJS : ESNext;
      const path = join(FOLDER, file);
      const found = ts.resolveModuleName(
        '@postline/client',
        path,
        options,
        ts.sys,
        undefined,
        undefined,
        kind,
      );
      expect(found.resolvedModule?.resolvedFileName).toBe(join(FOLDER, types));
      // A file that TypeScript takes for the other kind of module can't be imported by name (TS1479).
      const format = ts.getImpliedNodeFormatForFile(join(FOLDER, types), undefined, ts.sys, {
        module: Node16,
        moduleResolution: Resolution.Node16,
      });
      expect(format).toBe(types.includes('/cjs/') ? CommonJS : ESNext);
    },
  );
});
