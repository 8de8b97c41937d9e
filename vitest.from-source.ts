import { fileURLToPath } from 'node:url';

/**
 * Workspaces are tested from their sources: each package.json names them under this export condition. Vitest hands
 * these to Node too, where `import` among them would give an ES module to a CommonJS `require`; it is implied anyway.
 */
const conditions = ['postline-source', 'node'];
/** The client library is published, so its package.json names nothing that isn't. */
const alias = [
  {
    find: /^@postline\/client$/,
    replacement: fileURLToPath(new URL('packages/client-sdk/src/node.ts', import.meta.url)),
  },
];

/** What every Vitest project has in common. */
export const fromSource = {
  resolve: { conditions, alias },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};
