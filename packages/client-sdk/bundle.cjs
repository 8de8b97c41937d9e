/**
 * Builds the published files: an ES module and a CommonJS one with their types, each for pages and for Node, and the
 * classic script that the relay serves.
 */
const { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { build } = require('esbuild');
const { minify } = require('terser');

/**
 * Property names that only this library's own objects have. The classic script gets short ones, because its size
 * counts. No name of the wire, of the public interface or of the platform may be listed here.
 */
const INTERNAL_NAMES =
  'acked acks after all answer begin begun current cursorOf delivery emit end environment events ' +
  'failures flush forget frame handle handled handlerBeside hold isAtHeads isDropped isEmpty isOnce isPending isWanted ' +
  'keeper leave link listener livedMs lose mark move note onAnswer onClose onEmpty onFatal onError onFrame onLeft onLost onMoved ' +
  'onOpen onRoom onState onText onWake openSocket owner parts place position prepareIdentify registration release ' +
  'repeat requests restarts streamStart truncation resumeFrom retire run sendFirst sent settle skip start startRenewing step stop stopRenewing store ' +
  'tokens units wants';

const shared = { bundle: true, charset: 'utf8', logLevel: 'warning' };
const MODULE = { ...shared, sourcemap: true };
const PAGE = { ...MODULE, entryPoints: ['src/index.ts'], target: 'es2022' };
const NODE = {
  ...MODULE,
  entryPoints: ['src/node.ts'],
  platform: 'node',
  target: 'node20',
  external: ['ws'],
};

async function main() {
  rmSync('dist/cjs', { recursive: true, force: true });
  await build({ ...PAGE, format: 'esm', outfile: 'dist/index.js' });
  await build({ ...PAGE, format: 'cjs', outfile: 'dist/cjs/index.js' });
  await build({ ...NODE, format: 'esm', outfile: 'dist/node.js' });
  await build({ ...NODE, format: 'cjs', outfile: 'dist/cjs/node.js' });
  // In this folder `.js` means CommonJS, because older bundlers and Jest do not know `.cjs`.
  writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
  writeFileSync('dist/client.js', await classicScript());
  writeNodeImport();
  writeTypes(['index.d.ts', 'node.d.ts']);
}

/** esbuild shortens the internal names; terser, which inlines more, saves another 4 %. */
async function classicScript() {
  const { outputFiles } = await build({
    ...shared,
    entryPoints: ['src/script.ts'],
    format: 'iife',
    target: 'es2022',
    minify: true,
    mangleProps: new RegExp(`^(?:${INTERNAL_NAMES.replaceAll(' ', '|')})$`),
    write: false,
    plugins: [
      { name: 'script', setup: ({ onLoad }) => onLoad({ filter: /client-sdk.src.*\.ts$/ }, forScript) },
    ],
  });
  const compress = {
    passes: 4,
    pure_getters: true,
    keep_fargs: false,
    unsafe_arrows: true,
    unsafe_methods: true,
    // Fewer bytes after gzip. `unsafe` joins texts by `+`, which is the same for all of ours.
    unsafe: true,
    hoist_funs: true,
    lhs_constants: false,
  };
  const { code } = await minify(outputFiles[0].text, { ecma: 2022, module: true, compress });
  return code;
}

/** Leaves out what the script has no room for: pages that need it use a bundler. */
function forScript({ path }) {
  const all = readFileSync(path, 'utf8');
  const contents = all.replaceAll(/\/\/ <not in the script>.*?\/\/ <\/not in the script>/gs, '');
  return { contents, loader: 'ts' };
}

/** In Node `import` returns the classes of `require`, so that a program and its dependencies share one class. */
function writeNodeImport() {
  const names = Object.keys(require('./dist/cjs/node.js')).sort();
  const exported = `export const {\n${names.map((name) => `  ${name},\n`).join('')}} = commonJs;\n`;
  writeFileSync('dist/node-import.js', `import commonJs from './cjs/node.js';\n\n${exported}`);
}

/**
 * Keeps the declarations that the entries need, makes them import each other by names that every TypeScript resolves,
 * and copies them to the CommonJS files.
 */
function writeTypes(entries) {
  const needed = new Set(entries);
  for (const name of needed) {
    const before = readFileSync(join('dist', name), 'utf8');
    const after = before.replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'");
    if (after !== before) writeFileSync(join('dist', name), after);
    const copy = join('dist/cjs', name);
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, after);
    for (const [, path] of after.matchAll(/from '(\.[^']*)\.js'/g))
      needed.add(`${join(dirname(name), path)}.d.ts`);
  }
  for (const entry of readdirSync('dist', { recursive: true }))
    if (entry.endsWith('.d.ts') && !entry.startsWith('cjs') && !needed.has(entry))
      rmSync(join('dist', entry));
}

main().catch((error) => {
  if (error.errors === undefined) console.error(error); // esbuild prints its own
  process.exitCode = 1;
});
