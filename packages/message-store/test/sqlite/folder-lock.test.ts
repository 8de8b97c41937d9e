import { join } from 'node:path';
import { makeTempFolder } from '@postline/test-support';
import { expect, it, onTestFinished } from 'vitest';
import { FolderInUseError, lockFolder } from '../../src/sqlite/folder-lock.ts';

async function newFolder(): Promise<string> {
  const folder = await makeTempFolder('lock');
  onTestFinished(() => folder.remove());
  return join(folder.path, 'data');
}

function refusal(folder: string): FolderInUseError {
  try {
    lockFolder(folder);
  } catch (error) {
    if (error instanceof FolderInUseError) return error;
    throw error;
  }
  throw new Error('the folder could be locked twice');
}

it('[STA-5] a folder has one holder, who is described to the next', async () => {
  const folder = await newFolder();
  const lock = lockFolder(folder);
  expect(refusal(folder).holder).toMatchObject({ pid: process.pid, url: undefined });
  lock.publishUrl('http://localhost:3000/');
  expect(refusal(folder).holder).toMatchObject({ pid: process.pid, url: 'http://localhost:3000/' });
  lock.release();
  lockFolder(folder).release();
});
