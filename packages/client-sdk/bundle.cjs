/**
 * Builds the published files: an ES module and a CommonJS one with their types, each for pages and for Node, and the
 * classic script that the relay serves.
 */
const { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { build } = require('esbuild');

/**
 * Property names that only this library's own objects have. The classic script gets short ones, because its size
 * counts. No name of the wire, of the public interface or of the platform may be listed here.
 */
const INTERNAL_NAMES =
  'acked addHandler after all answer begin begun connect current cursorOf emit end environment events ' +
  'failures flush forget frame resumeFrom handle handled handlers hold host isAtHeads ' +
  'isDropped isEmpty isPending isWanted keeper kind listener livedMs lose mark move moveCursor note onClose onClosed onEmpty onFatal ' +
  'onError onFollowed onFrame onLeft onLost onMoved onOpen onRenewed onRoom onState onText onUnfollowed onWake openSocket owner parser place position positions ' +
  'prepareIdentify release repeat restart restarts retire sent settle settled skip start startRenewing stop stopRenewing ' +
  'store take wants';

const shared = { bundle: true, charset: 'utf8', logLevel: 'warning' };
const PAGE = { ...shared, entryPoints: ['src/index.ts'], target: 'es2022' };
const NODE = {
  ...shared,
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
  await build({
    ...shared,
    entryPoints: ['src/script.ts'],
    format: 'iife',
    target: 'es2022',
    minify: true,
    mangleProps: new RegExp(`^(?:${INTERNAL_NAMES.replaceAll(' ', '|')})$`),
    outfile: 'dist/client.js',
  });
  // In this folder `.js` means CommonJS, because older bundlers and Jest do not know `.cjs`.
  writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
  writeNodeImport();
  writeTypes('.');
}

/** In Node `import` returns the classes of `require`, so that a program and its dependencies share one class. */
function writeNodeImport() {
  const names = Object.keys(require('./dist/cjs/node.js')).sort();
  const exported = `export const {\n${names.map((name) => `  ${name},\n`).join('')}} = commonJs;\n`;
  writeFileSync('dist/node-import.js', `import commonJs from './cjs/node.js';\n\n${exported}`);
}

/**
 * Makes declarations import each other by names that every TypeScript resolves, and copies them to the CommonJS files.
 */
function writeTypes(folder) {
  for (const entry of readdirSync(join('dist', folder), { withFileTypes: true })) {
    const name = join(folder, entry.name);
    if (entry.isDirectory() && name !== 'cjs') writeTypes(name);
    if (!name.endsWith('.d.ts')) continue;
    const before = readFileSync(join('dist', name), 'utf8');
    const after = before.replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'");
    if (after !== before) writeFileSync(join('dist', name), after);
    const copy = join('dist/cjs', name);
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, after);
  }
}

main().catch((error) => {
  if (error.errors === undefined) console.error(error); // esbuild prints its own
  process.exitCode = 1;
});
