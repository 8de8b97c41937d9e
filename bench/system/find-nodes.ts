import { fetchNode, type NodeBinary, openNode } from '@postline/test-support';

/**
 * The Nodes of `--node`, each a major version or a path; without any, the Node of this process. Throws, with a message
 * for the user, if one can't be used, or two have the same version: the tables tell them apart by it.
 */
export function findNodes(words: readonly string[]): NodeBinary[] {
  if (words.length === 0) return [{ path: process.execPath, version: process.version }];
  const nodes = words.map((word) => (/^\d+$/.test(word) ? fetchNode(word) : openNode(word)));
  const versions = nodes.map(({ version }) => version);
  const twice = versions.find((version, place) => versions.indexOf(version) !== place);
  if (twice !== undefined) throw new Error(`--node: two of them are Node ${twice}`);
  return nodes;
}
