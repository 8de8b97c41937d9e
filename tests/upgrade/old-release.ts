import { execFileSync } from 'node:child_process';
import { makeTempFolder, type TempFolder } from '@postline/test-support';
import { ROOT } from '../faults/src/cluster/copied-build.ts';

const ARCHIVE_BYTES_MAX = 256 * 1_024 * 1_024;

/** A commit of this repository's history, installed and built in a temp folder as its users would. */
export async function buildRelease(commit: string): Promise<TempFolder> {
  const archive = readCommit(commit);
  const folder = await makeTempFolder('release');
  const runIn = (command: string, args: readonly string[], input?: Buffer) =>
    execFileSync(command, args, { cwd: folder.path, input, stdio: ['pipe', 'ignore', 'inherit'] });
  runIn('tar', ['--extract'], archive);
  runIn('npm', ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']);
  runIn('npm', ['run', '--silent', 'build']);
  return folder;
}

function readCommit(commit: string): Buffer {
  try {
    return execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: ARCHIVE_BYTES_MAX });
  } catch (error) {
    throw new Error(`the history of this clone lacks ${commit}: git fetch --unshallow`, { cause: error });
  }
}
