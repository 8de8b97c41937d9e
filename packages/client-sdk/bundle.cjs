/** Builds what is published: ES modules for bundlers and for Node, and the classic script that the relay serves. */
const { build } = require('esbuild');

/**
 * Property names that only this library's own objects have: the classic script, whose size counts, gets short ones.
 * Nothing that is on the wire, in the public interface or in the platform may stand here.
 */
const INTERNAL_NAMES =
  'addHandler after begin connect current cursor end environment events failures flush forget frame ' +
  'goOnFrom handle handlers hold host isAtHeads isEmpty kind listener livedMs lose move note onClosed ' +
  'onEmpty onFatal onFrame onLost onMoved onRenewed onRoom onState onText onWake openSocket owner ' +
  'parser place prepareIdentify release restarts retire settle settled skip start startRenewing ' +
  'stopRenewing store take tell';

const shared = { bundle: true, charset: 'utf8', logLevel: 'warning' };

async function main() {
  await build({
    ...shared,
    entryPoints: ['src/index.ts'],
    format: 'esm',
    target: 'es2022',
    outfile: 'dist/index.js',
  });
  await build({
    ...shared,
    entryPoints: ['src/node.ts'],
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['ws'],
    outfile: 'dist/node.js',
  });
  await build({
    ...shared,
    entryPoints: ['src/script.ts'],
    format: 'iife',
    target: 'es2022',
    minify: true,
    mangleProps: new RegExp(`^(?:${INTERNAL_NAMES.replaceAll(' ', '|')})$`),
    outfile: 'dist/client.js',
  });
}

main().catch(() => {
  process.exitCode = 1; // what went wrong has been printed
});
