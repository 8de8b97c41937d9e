import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One place in the built services, and what it becomes. */
export interface Replacement {
  /** Below the copied build: `websocket-server/dist/feeds/feed.js`. */
  readonly file: string;
  /** Must stand there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/**
 * Breaks a copied build; resolves with what puts it right again. Throws where a text is not found exactly once: then
 * the product has changed, and nobody knows any more what the replacement would do.
 */
export async function replaceInBuild(
  buildFolder: string,
  replacements: readonly Replacement[],
): Promise<() => Promise<void>> {
  const originals = new Map<string, string>();
  for (const { file, find, replace } of replacements) {
    const path = join(buildFolder, file);
    const text = await readFile(path, 'utf8');
    const places = text.split(find).length - 1;
    if (places !== 1) throw new Error(`${file} has ${places} places like this one:\n${find}`);
    if (!originals.has(path)) originals.set(path, text);
    await writeFile(
      path,
      text.replace(find, () => replace),
    );
  }
  return async () => {
    for (const [path, text] of originals) await writeFile(path, text);
  };
}
