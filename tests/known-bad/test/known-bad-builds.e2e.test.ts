import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programOf, type TempFolder } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCENARIOS } from '../../faults/src/all-scenarios.ts';
import { copyModules } from '../../faults/src/cluster/copied-build.ts';
import { KNOWN_BAD_BUILDS } from '../src/known-bad-builds.ts';
import { KNOWN_BAD_GROUP_BUILDS } from '../src/known-bad-group-builds.ts';
import { replaceInBuild } from '../src/replace-in-build.ts';

let build: TempFolder;

beforeAll(async () => {
  build = await copyModules();
});

afterAll(() => build.remove());

/**
 * These tests only check that each replacement fits the build. `npm run test:known-bad` shows whether each mistake is
 * caught, which takes minutes.
 */
describe('the known-bad builds', () => {
  it.each([...KNOWN_BAD_BUILDS, ...KNOWN_BAD_GROUP_BUILDS])(
    '$name can be made from the current build',
    async ({ replacements, scenario }) => {
      expect(SCENARIOS.map(({ name }) => name)).toContain(scenario);
      const paths = replacements.map(({ file }) => join(build.path, file));
      const before = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
      const repair = await replaceInBuild(build.path, replacements);
      const broken = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
      for (const [index, text] of broken.entries()) expect(text).not.toBe(before[index]);
      await repair();
      expect(await Promise.all(paths.map((path) => readFile(path, 'utf8')))).toEqual(before);
    },
  );

  it('services run from the modules of the copy, where a replacement has an effect', () => {
    for (const service of ['api-server', 'websocket-server'])
      expect(programOf(service, build.path)).toBe(join(build.path, service, 'dist/main.js'));
  });

  it('a text that does not occur, or occurs twice, is refused', async () => {
    const file = 'websocket-server/dist/following/follower.js';
    const make = (find: string) => replaceInBuild(build.path, [{ file, find, replace: '' }]);
    await expect(make('no such text')).rejects.toThrow('0 places');
    await expect(make('this.#cursor')).rejects.toThrow('places like this one');
  });
});
