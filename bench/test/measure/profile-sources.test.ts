import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeTempFolder } from '@postline/test-support';
import { expect, it } from 'vitest';
import { placedInSources } from '../../measure/profile-sources.ts';

/** Line 3, column 0 of the bundle is line 2, column 0 of the source, both counted from 0; nothing else is mapped. */
const MAP = { version: 3, sources: ['../feeds/src/feed.ts'], names: [], mappings: ';;;AAEA' };

it('names the source of what ran in a bundle, and leaves everything else as it is', async () => {
  const folder = await makeTempFolder('profile');
  const bundle = join(folder.path, 'dist.js');
  writeFileSync(`${bundle}.map`, JSON.stringify(MAP));
  const url = pathToFileURL(bundle).href;
  const frames = [
    { functionName: 'send', url, lineNumber: 3, columnNumber: 4 },
    { functionName: '__require', url, lineNumber: 0, columnNumber: 0 },
    { functionName: 'emit', url: 'node:events', lineNumber: 7, columnNumber: 0 },
    { functionName: 'parse', url: `${url}.other.js`, lineNumber: 3, columnNumber: 0 },
  ];
  const { nodes } = placedInSources({ nodes: frames.map((callFrame, id) => ({ id, callFrame })) });
  const source = new URL('../feeds/src/feed.ts', url).href;
  expect(nodes.map(({ callFrame }) => callFrame)).toEqual([
    { ...frames[0], url: source, lineNumber: 2 },
    ...frames.slice(1),
  ]);
  await folder.remove();
});
