/**
 * Prints the notes of a release: `print-release-notes.js v0.2.0` prints that version's section of CHANGELOG.md. Exit code 1
 * if there is none, or if a workspace has another version. The folder of both files can be given as a second argument.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

/** The repository's own packages; all others are below a node_modules. */
function otherVersions(lockfile: Lockfile, version: string): string[] {
  return Object.entries(lockfile.packages)
    .filter(([path, entry]) => !path.includes('node_modules/') && entry.version !== version)
    .map(([path, entry]) => `${path === '' ? 'package.json' : path}: has version ${entry.version ?? 'none'}`);
}

/** The text between the heading `## 0.2.0` (a date may follow) and the next one. */
function sectionOf(changelog: string, version: string): string | undefined {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.split(/\s/, 1)[0] === version);
  return section?.slice(section.indexOf('\n')).trim();
}

const [tag = '', folder = '.'] = process.argv.slice(2);
const version = tag.replace(/^v/, '');
const lockfile = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as Lockfile;
const notes = sectionOf(readFileSync(join(folder, 'CHANGELOG.md'), 'utf8'), version);
const problems = [
  ...otherVersions(lockfile, version),
  ...(notes === undefined || notes === '' ? [`CHANGELOG.md: has no section ${version}`] : []),
];
for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(notes);
else process.exitCode = 1;
