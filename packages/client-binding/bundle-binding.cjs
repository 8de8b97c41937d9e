/**
 * Builds the published files of a package that bundles this one: an ES module and a CommonJS one, with their types. Needs
 * the declarations of both packages (`tsc -b`).
 */
const { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { build } = require('esbuild');

const BINDING = '@postline/client-binding';

async function bundleBinding(folder) {
  const dist = join(folder, 'dist');
  const { peerDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const shared = {
    bundle: true,
    charset: 'utf8',
    logLevel: 'warning',
    sourcemap: true,
    target: 'es2022',
    entryPoints: [join(folder, 'src/index.ts')],
    external: Object.keys(peerDependencies),
    // The rules of React's server components: these modules run in the browser too.
    ...('react' in peerDependencies && { banner: { js: "'use client';" } }),
  };
  rmSync(join(dist, 'cjs'), { recursive: true, force: true });
  await build({ ...shared, format: 'esm', outfile: join(dist, 'index.js') });
  await build({ ...shared, format: 'cjs', outfile: join(dist, 'cjs/index.js') });
  // In this folder `.js` means CommonJS, because older bundlers and Jest do not know `.cjs`.
  writeFileSync(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n');
  writeNodeImport(dist);
  writeTypes(dist);
}

/** In Node `import` returns what `require` does, so that a program has one context, however it loads the package. */
function writeNodeImport(dist) {
  const source = readFileSync(join(dist, 'index.js'), 'utf8');
  const names = source.match(/export \{([^}]*)\};/)[1].match(/\w+/g);
  writeFileSync(
    join(dist, 'node-import.js'),
    `import commonJs from './cjs/index.js';\n\nexport const { ${names.join(', ')} } = commonJs;\n`,
  );
}

/** Adds this package's declarations; all import each other by names that every TypeScript resolves. */
function writeTypes(dist) {
  const declarations = (folder) => readdirSync(folder).filter((name) => name.endsWith('.d.ts'));
  mkdirSync(join(dist, 'binding'), { recursive: true });
  const copied = declarations(join(__dirname, 'dist')).map((name) => {
    cpSync(join(__dirname, 'dist', name), join(dist, 'binding', name));
    return join('binding', name);
  });
  mkdirSync(join(dist, 'cjs/binding'), { recursive: true });
  for (const name of [...declarations(dist), ...copied]) {
    const text = readFileSync(join(dist, name), 'utf8')
      .replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'")
      .replaceAll(`'${BINDING}'`, "'./binding/index.js'");
    writeFileSync(join(dist, name), text);
    writeFileSync(join(dist, 'cjs', name), text);
  }
}

module.exports = { bundleBinding };
