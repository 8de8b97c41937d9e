import { createTestDatabase, startDatabase } from '@postline/test-support';
import { inject } from 'vitest';
import { createMysqlMessageStore, migrate } from '../../src/mysql/index.ts';
import { type ContractDatabase } from '../support/contract-database.ts';
import { describeMessageStore } from '../contract/message-store-contract.ts';
import { MIGRATIONS } from './support/migrated-database.ts';

describeMessageStore('MySQL or MariaDB, as it is installed', async () => {
  const database = await createTestDatabase(inject('databaseServerUrl'));
  await migrate({ databaseUrl: database.url, folder: MIGRATIONS });
  return contractDatabase(database.url, () => database.drop());
});

/** Everything that a server's defaults can do to what one stores. */
const HOSTILE_DEFAULTS = [
  '--character-set-server=latin1',
  '--collation-server=latin1_swedish_ci',
  '--sql-mode=',
  '--default-time-zone=+05:45',
  '--transaction-isolation=REPEATABLE-READ',
  '--max-allowed-packet=4M',
  '--auto-increment-increment=3',
  '--auto-increment-offset=2',
  '--innodb-rollback-on-timeout=1',
];

describeMessageStore(
  'a server with latin1, no strict mode, another time zone and 4 MiB packets',
  async () => {
    const server = await startDatabase(HOSTILE_DEFAULTS);
    const database = await server.createDatabase();
    await migrate({ databaseUrl: database.url, folder: MIGRATIONS });
    return contractDatabase(database.url, () => server.stop());
  },
);

function contractDatabase(databaseUrl: string, remove: () => Promise<void>): ContractDatabase {
  return {
    kind: 'mysql',
    location: databaseUrl,
    openStore: () => Promise.resolve(createMysqlMessageStore({ databaseUrl })),
    remove,
  };
}
