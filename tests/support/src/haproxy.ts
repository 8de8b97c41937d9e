import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from './child-process.ts';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { makeTempFolder } from './temp-folder.ts';
import { waitUntil } from './wait-until.ts';

/** Found from `src` and from `dist`. */
const CONFIGURATION = new URL('../../../deploy/haproxy/haproxy.cfg', import.meta.url);

export interface Haproxy {
  /** `http://127.0.0.1:port`, in front of the APIs. */
  readonly apiUrl: string;
  /** `ws://127.0.0.1:port`, in front of the relays. */
  readonly relayUrl: string;
  readonly stop: () => Promise<void>;
}

/** Starts HAProxy with the configuration of this repository, in front of these ports; resolves when there is one of each. */
export async function startHaproxy(apis: readonly number[], relays: readonly number[]): Promise<Haproxy> {
  const folder = await makeTempFolder('haproxy');
  const [api, relay, health] = [await freePort(), await freePort(), await freePort()];
  const file = join(folder.path, 'haproxy.cfg');
  const servers = { api: apis, relay: relays };
  const binds = new Map([
    ['8080', api],
    ['3000', relay],
    ['8404', health],
  ]);
  await writeFile(file, onThisMachine(await readFile(fileURLToPath(CONFIGURATION), 'utf8'), servers, binds));
  const process = startProcess({ command: findProgram('haproxy'), args: ['-db', '-f', file] });
  await waitUntil('HAProxy has an API and a relay', async () => {
    if (process.hasEnded()) throw new Error(process.output());
    return (await fetch(`http://127.0.0.1:${health}/`)).ok;
  });
  return {
    apiUrl: `http://127.0.0.1:${api}`,
    relayUrl: `ws://127.0.0.1:${relay}`,
    stop: async () => {
      await process.end('SIGKILL');
      await folder.remove();
    },
  };
}

/** What the file itself says to do outside Docker: no resolvers, and servers by their addresses. */
function onThisMachine(
  text: string,
  servers: Readonly<Record<string, readonly number[]>>,
  binds: ReadonlyMap<string, number>,
): string {
  return text
    .replace(/^resolvers docker\n(?: .*\n)*/m, '')
    .replace(/^ *server-template (\w+)- .*$/gm, (_line, kind: string) =>
      (servers[kind] ?? [])
        .map((port, index) => `  server ${kind}-${index + 1} 127.0.0.1:${port}`)
        .join('\n'),
    )
    .replace(/^( *bind ):(\d+)$/gm, (_line, word: string, port: string) => {
      return `${word}127.0.0.1:${binds.get(port) ?? port}`;
    });
}
