/** `npm run build`. Plain JavaScript, because it runs before anything is compiled, and without a shell, for Windows. */
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');

const ROOT = join(__dirname, '..');

/** Runs a Node program; its output is that of this process. Exits with its code if it fails. */
function run(folder, program, ...words) {
  const { status, error } = spawnSync(process.execPath, [program, ...words], {
    cwd: join(ROOT, folder),
    stdio: 'inherit',
  });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** On standard error: the output of a command that builds first is its own. */
process.stderr.write('building …\n');
const startMs = performance.now();
let compiler;
try {
  compiler = require.resolve('typescript/bin/tsc');
} catch {
  process.stderr.write('The dependencies are not installed: run npm ci first.\n');
  process.exit(1);
}
run('.', compiler, '-b');
run('packages/client-sdk', 'bundle.cjs');
run('packages/client-react', 'bundle.cjs');
run('packages/client-vue', 'bundle.cjs');
run('web-client', 'bundle.cjs');
run('.', 'scripts/bundle-programs.cjs');
process.stderr.write(`built in ${((performance.now() - startMs) / 1_000).toFixed(1)} s\n`);
