import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const SEARCHED_FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

/** The first of these programs that is installed, as an absolute path, or `undefined`. */
export function installedProgram(...names: readonly string[]): string | undefined {
  const paths = names.flatMap((name) => SEARCHED_FOLDERS.map((folder) => join(folder, name)));
  return paths.find((path) => existsSync(path));
}

/** The same for a required program: throws if it is not installed. */
export function findProgram(...names: readonly string[]): string {
  const found = installedProgram(...names);
  if (found === undefined) throw new Error(`none of these programs is installed: ${names.join(', ')}`);
  return found;
}
