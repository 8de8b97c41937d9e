/**
 * Bundles each program: `dist/api-server.mjs` is `api-server/dist/main.js` with all modules that it needs, and the chunks
 * beside it are what programs share or load late. Node loads a few large files faster than several hundred small ones.
 * Needs compiled modules.
 *
 * Arguments name programs; without any, all are bundled. Does nothing if nothing has changed. `--check` only answers that,
 * by the exit code.
 */
const { createHash } = require('node:crypto');
const { readdirSync, readFileSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { bundleForNode } = require('./bundling.cjs');

const ROOT = join(__dirname, '..');
const OUT = 'dist';
/** The files that the bundles were made from, and the bundles, each with its hash. */
const RECORD = join(OUT, 'bundled.json');
const PROGRAMS = ['api-server', 'websocket-server', 'standalone', 'cli'];

/** Loaded from where they are installed: tracing, which most services don't load, and binaries. */
const INSTALLED = ['@opentelemetry/*', 'libsql', 'bufferutil', 'utf-8-validate'];

/** CommonJS packages expect these in every module. */
const COMMON_JS =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url), __dirname = import.meta.dirname;";

/** What a bundle depends on besides its modules: how they are bundled, and which file a name leads to. */
function settingFiles() {
  const workspaces = readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/package.json`);
  return [
    'scripts/bundling.cjs',
    'scripts/bundle-programs.cjs',
    'node_modules/.package-lock.json',
    ...workspaces,
  ];
}

/** Its content; `none` if there is no such file. */
function hashOf(file) {
  try {
    return createHash('sha1')
      .update(readFileSync(join(ROOT, file)))
      .digest('base64');
  } catch {
    return 'none';
  }
}

function isCurrent(programs) {
  let record;
  try {
    record = JSON.parse(readFileSync(join(ROOT, RECORD), 'utf8'));
  } catch {
    return false;
  }
  const isSame = ([file, hash]) => hashOf(file) === hash;
  return record.programs.join() === programs.join() && Object.entries(record.files).every(isSame);
}

/** Writes nothing if a file has changed since the start: nobody knows which version was bundled. */
function writeRecord(programs, files, startMs) {
  const isOlder = (file) => statSync(join(ROOT, file)).mtimeMs < startMs;
  if (!files.inputs.every(isOlder)) return;
  const all = [...settingFiles(), ...files.inputs, ...files.outputs];
  const hashes = Object.fromEntries(all.map((file) => [file, hashOf(file)]));
  writeFileSync(join(ROOT, RECORD), `${JSON.stringify({ programs, files: hashes }, null, 1)}\n`);
}

function removeOthers(outputs) {
  for (const name of readdirSync(join(ROOT, OUT)))
    if (!outputs.includes(`${OUT}/${name}`)) rmSync(join(ROOT, OUT, name), { recursive: true });
}

async function bundle(programs) {
  const startMs = Date.now();
  const { metafile } = await bundleForNode({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(programs.map((name) => [name, `./${name}/dist/main.js`])),
    outdir: OUT,
    outExtension: { '.js': '.mjs' }, // an ES module also where no package.json says so: in an image
    addressesFrom: join(ROOT, OUT),
    external: INSTALLED,
    banner: { js: COMMON_JS },
    sourcemap: true,
    sourcesContent: false,
    metafile: true,
  });
  const [inputs, outputs] = [metafile.inputs, metafile.outputs].map(Object.keys);
  removeOthers(outputs);
  writeRecord(programs, { inputs, outputs }, startMs);
}

const words = process.argv.slice(2);
const named = words.filter((word) => word !== '--check');
const programs = named.length > 0 ? named : PROGRAMS;

if (words.includes('--check')) process.exitCode = isCurrent(programs) ? 0 : 1;
else if (!isCurrent(programs))
  bundle(programs).catch((error) => {
    if (error.errors === undefined) console.error(error); // esbuild prints its own
    process.exitCode = 1;
  });
