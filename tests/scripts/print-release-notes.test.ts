import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTempFolder, type TempFolder } from '@postline/test-support';
import { afterAll, beforeAll, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../scripts/dist/print-release-notes.js', import.meta.url));

let folder: TempFolder;
beforeAll(async () => {
  folder = await makeTempFolder('notes');
  const packages = {
    '': { version: '0.2.0' },
    api: { version: '0.2.0' },
    'node_modules/x': { version: '9.0.0' },
  };
  await writeFile(join(folder.path, 'package-lock.json'), JSON.stringify({ packages }));
  const changelog = '# Changelog\n\n## 0.2.0 (2026-11-28)\n\n### Added\n\n- New.\n\n## 0.1.0\n\n- Old.\n';
  await writeFile(join(folder.path, 'CHANGELOG.md'), changelog);
});
afterAll(() => folder.remove());

function print(tag: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, tag, folder.path], {
    encoding: 'utf8',
  });
  return { status, stdout: stdout.trim(), stderr: stderr.trim() };
}

it('[STA-8] prints the section of a version', () => {
  expect(print('v0.2.0')).toEqual({ status: 0, stdout: '### Added\n\n- New.', stderr: '' });
});

it('[STA-8] refuses a version that the packages do not have, or that has no notes', () => {
  expect(print('v0.1.0')).toMatchObject({ status: 1, stdout: '' });
  expect(print('v0.1.0').stderr).toContain('api: has version 0.2.0');
  expect(print('v0.3.0').stderr).toContain('CHANGELOG.md: has no section 0.3.0');
});
