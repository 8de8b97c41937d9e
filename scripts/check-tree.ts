/**
 * Checks the tree for what no other tool checks: tests mirror sources, file names are specific, every rule of the
 * specification has a test and every id in a test is a rule, every migration is marked compatible or not, and no file names
 * a machine or a registry.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const EMPTY_NAMES = /^(utils?|helpers?|common|misc|types|manager|lib)\.[a-z]+$/;
/** Tests of a whole package or a whole kind (in `whole/`), and what several tests share. */
const WITHOUT_ONE_SOURCE = /-contract\.ts$|\/test\/(?:[^/]+\/)?(?:support|whole)\//;
const RULE_ID = /\*\*([A-Z]+-\d+)\*\*/g;
const QUOTED_ID = /\[([A-Z]{3,4}-\d+)\]/g;
const MIGRATION_MARK = /^-- compatible: (?:true|false)$/gm;
/** Concatenated, so that this file does not contain them. */
const FOREIGN_NAMES = [
  'registry.' + 'npmjs',
  'npm' + 'mirror',
  'unpkg' + '.com',
  '/work' + '/',
  '/home' + '/',
  '/root' + '/',
];

/** Tracked files and new ones that are not ignored. */
function treeFiles(): string[] {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  return list.split('\n').filter((file) => file !== '' && existsSync(file));
}

function idsIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

function checkNames(files: readonly string[]): string[] {
  return files
    .filter((file) => EMPTY_NAMES.test(basename(file)))
    .map((file) => `${file}: the name is not specific`);
}

/** `x/test/a/b.test.ts` (or b.mysql.test.ts, …) tests `x/src/a/b.ts`. */
function checkMirrors(files: readonly string[]): string[] {
  return files
    .filter((file) => /^(packages\/|api-server|websocket-server|standalone|web-client|cli)/.test(file))
    .filter((file) => file.includes('/test/') && file.endsWith('.test.ts') && !WITHOUT_ONE_SOURCE.test(file))
    .filter((file) => !existsSync(sourceOf(file)))
    .map((file) => `${file}: there is no ${sourceOf(file)}`);
}

function sourceOf(testFile: string): string {
  return testFile.replace('/test/', '/src/').replace(/(?:\.(?:mysql|redis|process|e2e))?\.test\.ts$/, '.ts');
}

function checkRules(files: readonly string[]): string[] {
  const ids = idsIn(readFileSync('docs/SPEC.md', 'utf8'), RULE_ID);
  const rules = new Set(ids);
  const tests = files.filter((file) => /(\.test|-contract)\.ts$/.test(file));
  const quoted = new Map(
    tests.flatMap((file) => idsIn(readFileSync(file, 'utf8'), QUOTED_ID).map((id) => [id, file])),
  );
  return [
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `docs/SPEC.md: ${id} is there twice`),
    ...[...rules]
      .filter((rule) => !quoted.has(rule))
      .map((rule) => `docs/SPEC.md: no test carries [${rule}]`),
    ...[...quoted]
      .filter(([id]) => !rules.has(id))
      .map(([id, file]) => `${file}: [${id}] is no rule of docs/SPEC.md`),
  ];
}

/** Services of two releases run beside each other during an upgrade: each migration says whether they can (SCH-8). */
function checkMigrationMarks(files: readonly string[]): string[] {
  return files
    .filter((file) => /^db\/migrations\/[^/]+\.sql$/.test(file))
    .filter((file) => (readFileSync(file, 'utf8').match(MIGRATION_MARK) ?? []).length !== 1)
    .map((file) => `${file}: needs one line "-- compatible: true" or "-- compatible: false"`);
}

function checkForeignNames(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return FOREIGN_NAMES.filter((name) => text.includes(name)).map((name) => `${file}: names ${name}`);
  });
}

const files = treeFiles();
const findings = [
  ...checkNames(files),
  ...checkMirrors(files),
  ...checkRules(files),
  ...checkMigrationMarks(files),
  ...checkForeignNames(files),
];
for (const finding of findings) console.error(finding);
console.log(
  findings.length === 0 ? `tree: ${files.length} files, no findings` : `tree: ${findings.length} findings`,
);
process.exitCode = findings.length === 0 ? 0 : 1;
