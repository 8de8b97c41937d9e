import { type Connection, createServer } from 'mysql2';
import { freePort } from './free-port.ts';

export interface FakeDatabase {
  readonly url: string;
  readonly close: () => void;
}

/** A session's variables as an unremarkable server has them after a set-up that it did not understand. */
const UNREMARKABLE = {
  sql_mode: 'STRICT_TRANS_TABLES',
  time_zone: '+00:00',
  character_set_client: 'utf8mb4',
  character_set_connection: 'utf8mb4',
  character_set_results: 'utf8mb4',
  transaction_isolation: 'READ-COMMITTED',
  autocommit: 'ON',
  wait_timeout: '120',
  lock_wait_timeout: '1',
  innodb_lock_wait_timeout: '1',
  max_allowed_packet: '16777216',
  auto_increment_increment: '1',
  version: '8.4.3',
  hostname: 'fake',
  port: '3306',
};

const TEXT_COLUMN = {
  catalog: 'def',
  schema: '',
  table: '',
  orgTable: '',
  orgName: '',
  characterSet: 45,
  columnLength: 1_024,
  columnType: 253,
  flags: 0,
  decimals: 0,
};

/** CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION and their kind: everything but TLS, compression and later additions. */
const CAPABILITIES = 0xff_ff_ff & ~0x08_00 & ~0x20;

/**
 * Answers the statements by which a session is set up, with these variables, and refuses every other: for servers that
 * cannot be had in a test.
 */
export async function startFakeDatabase(variables: Readonly<Record<string, string>>): Promise<FakeDatabase> {
  const rows = Object.entries({ ...UNREMARKABLE, ...variables }).map(([name, value]) => ({
    Variable_name: name,
    Value: value,
  }));
  const columns = ['Variable_name', 'Value'].map((name) => ({ ...TEXT_COLUMN, name }));
  const connections = new Set<Connection>();
  const server = createServer((connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('stmt_prepare', () => {
      connection.writeOk();
    }); // SET arrives as this event
    connection.on('query', (sql: string) => {
      if (sql.startsWith('SHOW SESSION VARIABLES')) connection.writeTextResult(rows, columns);
      else connection.writeError({ code: 1064, message: 'not supported' });
    });
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: '8.4.3',
      connectionId: connections.size,
      statusFlags: 2,
      characterSet: 45,
      capabilityFlags: CAPABILITIES,
    });
  });
  const port = await freePort();
  server.listen(port);
  return {
    url: `mysql://postline@127.0.0.1:${port}/postline`,
    close: () => {
      for (const connection of connections) connection.destroy();
      server.close(() => undefined);
    },
  };
}
