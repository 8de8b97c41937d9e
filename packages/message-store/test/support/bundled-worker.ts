import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type StartedProcess, startProcess } from '@postline/test-support';
import { build } from 'esbuild';

/**
 * Starts a TypeScript file of this folder as a process of its own. Node can't run it as it is; bundled beside the
 * package's own output it finds the same dependencies.
 */
export async function startWorker(fileName: string, args: readonly string[]): Promise<StartedProcess> {
  const folder = fileURLToPath(new URL('../../dist/test', import.meta.url));
  await mkdir(folder, { recursive: true });
  const outfile = join(folder, `${fileName}-${randomUUID()}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL(fileName, import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'silent',
  });
  const worker = startProcess({ command: process.execPath, args: [outfile, ...args] });
  void worker.ended.then(() => rm(outfile, { force: true }));
  return worker;
}
