import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installPacked, linkInstalled, makeTempFolder } from '@postline/test-support';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');
const run = promisify(execFile);

const KINDS = {
  react: { example: 'App.jsx', packages: ['react', 'react-dom'] },
  vue: { example: 'App.vue', packages: ['vue', '@vitejs/plugin-vue'] },
};

export type Framework = keyof typeof KINDS;

/** An application that has installed the packed packages, built by Vite. */
export interface BuiltApp {
  /** The built page. */
  readonly url: string;
  /** The output of its `server.mjs`, which renders without a browser. */
  renderOnServer(): Promise<string>;
  remove(): Promise<void>;
}

/** Builds for development, where React mounts everything twice. The README's example is one of its modules. */
export async function buildApp(framework: Framework, relayUrl: string): Promise<BuiltApp> {
  const { example, packages } = KINDS[framework];
  const folder = await makeTempFolder(`${framework}-app`);
  const inFolder = { cwd: folder.path, timeout: 50_000 };
  await cp(fileURLToPath(new URL(`${framework}-app`, import.meta.url)), folder.path, { recursive: true });
  const code = await exampleOf(framework, extname(example).slice(1));
  await writeFile(join(folder.path, example), code.replaceAll('http://localhost:3000', relayUrl));
  await Promise.all([
    installPacked('packages/client-sdk', folder.path),
    installPacked(`packages/client-${framework}`, folder.path),
    linkInstalled([...packages, 'ws'], folder.path),
  ]);
  const env = { ...process.env, NODE_ENV: 'development' };
  await run(process.execPath, [VITE, 'build', '--mode', 'development'], { ...inFolder, env });
  const server = createServer(
    (request, response) => void answer(join(folder.path, 'dist'), request, response),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    renderOnServer: async () =>
      (await run(process.execPath, ['server.mjs', relayUrl], inFolder)).stdout.trim(),
    remove: async () => {
      server.closeAllConnections();
      server.close();
      await folder.remove();
    },
  };
}

/** A page that a test answered in the server's place would not be allowed to connect to this machine. */
async function answer(
  folder: string,
  { url = '/' }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = url === '/' ? '/index.html' : url;
  response.setHeader('Content-Type', path.endsWith('.js') ? 'text/javascript' : 'text/html');
  response.end(await readFile(join(folder, path)));
}

/** The first block of that language in the package's README. */
async function exampleOf(framework: Framework, language: string): Promise<string> {
  const readme = await readFile(join(ROOT, `packages/client-${framework}/README.md`), 'utf8');
  const [, code] = readme.match(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's')) ?? [];
  if (code === undefined) throw new Error(`no example in ${language}`);
  return code;
}
