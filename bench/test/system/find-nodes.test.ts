import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempFolder } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import { findNodes } from '../../system/find-nodes.ts';

const OWN = { path: process.execPath, version: process.version };

describe('findNodes', () => {
  it('is the Node of the bench where none is named', () => {
    expect(findNodes([])).toEqual([OWN]);
  });

  it('takes the path of a Node', () => {
    expect(findNodes([process.execPath])).toEqual([OWN]);
  });

  it('refuses what is not there, is no program, or is another program, in one line that names it', async () => {
    const folder = await makeTempFolder('nodes');
    const [file, other] = [join(folder.path, 'file'), join(folder.path, 'other')];
    await writeFile(file, 'text');
    await writeFile(other, '#!/bin/sh\necho 1.2.3\n');
    await chmod(other, 0o755);
    expect(() => findNodes([join(folder.path, 'none')])).toThrow(/^\S+none can't be executed \(ENOENT\)$/);
    expect(() => findNodes([file])).toThrow(/^\S+file can't be executed \(EACCES\)$/);
    expect(() => findNodes([folder.path])).toThrow(/^\S+ can't be executed \(EACCES\)$/);
    expect(() => findNodes([other])).toThrow(/^\S+other is not Node$/);
    await folder.remove();
  });

  it('refuses two of one version, and a version that is not supported', () => {
    expect(() => findNodes([process.execPath, process.execPath])).toThrow(
      `--node: two of them are Node ${process.version}`,
    );
    expect(() => findNodes(['19'])).toThrow('Node 19 is not supported; choose from 20, 22, 24, 26');
  });
});
