import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One place in the built services, and its replacement. */
export interface Replacement {
  /** A path in the copied build, like `websocket-server/dist/feeds/feed.js`. */
  readonly file: string;
  /** This text must occur exactly once. */
  readonly find: string;
  readonly replace: string;
}

/**
 * Breaks a copied build. Resolves to the function that repairs it. Throws if a text does not occur exactly once: then
 * the product has changed, and the effect of the replacement is unknown. The copy must have no bundles, which a
 * replacement would not change.
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
