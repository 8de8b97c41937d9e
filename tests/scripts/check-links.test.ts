import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTempFolder, type TempFolder } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../scripts/dist/check-links.js', import.meta.url));

let folder: TempFolder;
beforeAll(async () => {
  folder = await makeTempFolder('links');
  spawnSync('git', ['init', '--quiet'], { cwd: folder.path });
  await mkdir(join(folder.path, 'docs'));
  await writeFile(join(folder.path, 'docs/b.md'), '# The `b` page, in full\n\n## Twice\n\n## Twice\n');
});
afterAll(() => folder.remove());

async function check(text: string) {
  await writeFile(join(folder.path, 'a.md'), text);
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM], { cwd: folder.path, encoding: 'utf8' });
  return { status, findings: stderr.trim().split('\n').filter(Boolean) };
}

it('accepts links to files, folders, headings and other hosts', async () => {
  const links = [
    'docs/b.md',
    'docs',
    'docs/b.md#the-b-page-in-full',
    'docs/b.md#twice-1',
    '#here',
    'https://x.example/y',
  ];
  const text = `# Here\n${links.map((link) => `[\`x\`](${link})`).join('\n')}\n`;
  expect(await check(text)).toEqual({ status: 0, findings: [] });
});

it('finds links to missing files and headings, also of an image and of the page itself', async () => {
  const text = '[x](docs/c.md) [x](docs/b.md#none) ![x](c.png)\n\n[x](#none)\n';
  expect(await check(text)).toEqual({
    status: 1,
    findings: [
      'a.md: docs/c.md leads to no file',
      'a.md: docs/b.md has no heading #none',
      'a.md: c.png leads to no file',
      'a.md: a.md has no heading #none',
    ],
  });
});

it('does not read code', async () => {
  expect(await check('`[x](none.md)`\n\n```\n[x](none.md)\n```\n')).toEqual({ status: 0, findings: [] });
});
