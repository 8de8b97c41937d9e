import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { VERSION } from '../src/version.ts';

const LOCKFILE = new URL('../../../package-lock.json', import.meta.url);

it('[STA-2] is the version of every workspace', () => {
  const { packages } = JSON.parse(readFileSync(LOCKFILE, 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  const own = Object.keys(packages).filter((path) => !path.includes('node_modules/'));
  expect(own.length).toBeGreaterThan(5);
  for (const path of own) {
    const manifest = new URL(`../../../${path}/package.json`, import.meta.url);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
    expect([path, version, packages[path]?.version]).toEqual([path, VERSION, VERSION]);
  }
});
