const { bundleBinding } = require('../client-binding/bundle-binding.cjs');

bundleBinding(__dirname).catch((error) => {
  if (error.errors === undefined) console.error(error); // esbuild prints its own
  process.exitCode = 1;
});
