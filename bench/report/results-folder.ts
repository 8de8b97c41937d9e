import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `bench/results`, seen from where this file is built to; the repository doesn't keep what is in it. */
const FOLDER = fileURLToPath(new URL('../../results/', import.meta.url));

/** Start of the names of one workload's files: its folder, the time and the workload. */
export function resultPath(workload: string, at: Date): string {
  mkdirSync(FOLDER, { recursive: true });
  const time = at.toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length).replaceAll(':', '-');
  return `${FOLDER}${time}-${workload}`;
}

/** Writes one workload's result; gives the file's name. */
export function writeResult(path: string, result: unknown): string {
  const file = `${path}.json`;
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
  return file;
}
