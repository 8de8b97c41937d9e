import { existsSync } from 'node:fs';
import { type DatabaseServer, startDatabase } from './database-process.ts';
import { freePort } from './free-port.ts';

const PROVIDERS = [
  '/usr/lib/galera/libgalera_smm.so',
  '/usr/lib64/galera/libgalera_smm.so',
  '/usr/lib64/galera-4/libgalera_smm.so',
];

/** The library that makes a MariaDB a Galera node; undefined if it is not installed. */
export function galeraProvider(): string | undefined {
  return PROVIDERS.find((path) => existsSync(path));
}

/** The first node of a new Galera cluster, with further options of the server. */
export async function startGaleraNode(
  provider: string,
  serverOptions: readonly string[] = [],
): Promise<DatabaseServer> {
  const groupPort = await freePort();
  // Without the wait, a node that loses its cluster says so at once, and not after half a minute.
  const options = [`gmcast.listen_addr=tcp://127.0.0.1:${groupPort}`, 'gcache.size=4M', 'pc.wait_prim=no'];
  return await startDatabase([
    '--wsrep-on=ON',
    `--wsrep-provider=${provider}`,
    `--wsrep-provider-options=${options.join(';')}`,
    '--wsrep-cluster-address=gcomm://',
    '--wsrep-node-address=127.0.0.1',
    '--binlog-format=ROW',
    '--innodb-autoinc-lock-mode=2',
    ...serverOptions,
  ]);
}
