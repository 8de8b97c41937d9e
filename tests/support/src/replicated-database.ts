import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { createTestDatabase, type DatabaseServer, startDatabase } from './database-process.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** May not write to a server that is read-only; root may. */
const APPLICATION_USER = 'app';
const CAUGHT_UP_SECONDS = 10;
const OPTIONS = ['--log-bin=binlog', '--sync-binlog=1', '--log-slave-updates'];

/** A primary with a replica behind one address, as a planned failover finds them. MariaDB only. */
export interface ReplicatedDatabase {
  /** Everything but its address is of the first primary. Its databases have the URL of the address, and of the user `app`. */
  readonly server: DatabaseServer;
  /**
   * Makes the primary read-only, the replica the primary once it has everything, and the address lead there. Connections
   * that are open stay on the old one.
   */
  readonly failOver: () => Promise<void>;
  /** How many connections of services and applications the first primary still has. */
  readonly connectionsToFormer: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export async function startReplicatedDatabase(): Promise<ReplicatedDatabase> {
  const [primary, replica] = await Promise.all([
    startDatabase(['--server-id=1', ...OPTIONS]),
    startDatabase(['--server-id=2', ...OPTIONS, '--read-only=1']),
  ]);
  await runOn(replica, [
    `CHANGE MASTER TO master_host = '127.0.0.1', master_port = ${primary.port}, master_user = 'root', master_use_gtid = slave_pos`,
    'START SLAVE',
  ]);
  await runOn(primary, [`CREATE USER ${APPLICATION_USER}@'%'`]);
  const address = await TcpProxy.start(primary.port);
  const url = `mysql://${APPLICATION_USER}@127.0.0.1:${address.port}`;
  return {
    server: {
      ...primary,
      port: address.port,
      url,
      createDatabase: async () => {
        const { name, drop } = await createTestDatabase(primary.url);
        await runOn(primary, [`GRANT ALL ON ${name}.* TO ${APPLICATION_USER}@'%'`]);
        return { name, url: `${url}/${name}`, drop };
      },
    },
    failOver: async () => {
      const [at] = await runOn(primary, ['SET GLOBAL read_only = 1', 'SELECT @@gtid_binlog_pos AS position']);
      const [caughtUp] = await runOn(replica, [
        `SELECT MASTER_GTID_WAIT('${String(at?.['position'])}', ${CAUGHT_UP_SECONDS}) AS result`,
      ]);
      if (Number(caughtUp?.['result']) !== 0) throw new Error('the replica lacks transactions');
      await runOn(replica, ['STOP SLAVE', 'RESET SLAVE ALL', 'SET GLOBAL read_only = 0']);
      address.redirect(replica.port);
    },
    connectionsToFormer: async () => {
      const [row] = await runOn(primary, [
        `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = '${APPLICATION_USER}'`,
      ]);
      return Number(row?.['n']);
    },
    stop: async () => {
      await address.close();
      await Promise.all([primary.stop(), replica.stop()]);
    },
  };
}

/** Runs statements one after the other as root; resolves to the rows of the last. */
async function runOn({ port }: DatabaseServer, statements: readonly string[]): Promise<RowDataPacket[]> {
  const connection = await createConnection(`mysql://root@127.0.0.1:${port}`);
  let rows: RowDataPacket[] = [];
  try {
    for (const statement of statements) [rows] = await connection.query<RowDataPacket[]>(statement);
  } finally {
    await connection.end();
  }
  return rows;
}
