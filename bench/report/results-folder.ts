import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `bench/results`, relative to the built file; git ignores its files. */
const FOLDER = fileURLToPath(new URL('../../results/', import.meta.url));

/** Start of the names of one workload's files: its folder, the time and the workload. */
export function resultPath(workload: string, at: Date): string {
  mkdirSync(FOLDER, { recursive: true });
  const time = at.toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length).replaceAll(':', '-');
  return `${FOLDER}${time}-${workload}`;
}

/** Writes the result of one workload; returns the name of the file. */
export function writeResult(path: string, result: unknown): string {
  const file = `${path}.json`;
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
  return file;
}
