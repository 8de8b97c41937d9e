import { connect, isIP, type Socket } from 'node:net';
import { type DatabaseAddress, parseDatabaseUrl, withAuthority } from '@postline/service-runtime';
import { type Connection, createConnection, type SslOptions } from 'mysql2';
import { signInByEd25519 } from './sign-in-by-ed25519.ts';

/** Access to a database. */
export interface DatabaseAccess {
  /** `mysql://user:password@host:port/database?parameters` */
  readonly databaseUrl: string;
  /**
   * Certificates (PEM) of the authorities that may sign the database's certificate, besides those that the URL names.
   */
  readonly databaseCa?: string | undefined;
}

/** Options of a connection, prepared once, because the driver stores TLS sessions by the options object. */
interface PreparedAccess {
  readonly address: DatabaseAddress;
  readonly ssl: SslOptions | undefined;
}

/** Prepared statements that one connection keeps. Our rounding of row counts produces fewer texts than this. */
const PREPARED_STATEMENTS_MAX = 512;

/** Lets the operating system detect a dead server. Our deadlines do not depend on it. */
const KEEP_ALIVE_AFTER_MS = 10_000;

const prepared = new WeakMap<DatabaseAccess, PreparedAccess>();

/** Starts to connect. Throws if the URL is one that the settings would have refused. */
export function startConnection(access: DatabaseAccess): { connection: Connection; socket: Socket } {
  const { address, ssl } = prepare(access);
  const socket = startSocket(address);
  socket.on('error', () => undefined); // reported elsewhere; without a listener it would be uncaught
  const connection = createConnection({
    stream: socket, // our own socket, because the driver's destroy() waits for the server
    host: address.host,
    user: address.user,
    password: address.password,
    database: address.database,
    ...(address.socketPath === undefined ? {} : { socketPath: address.socketPath }),
    ...(ssl === undefined ? {} : { ssl }),
    authPlugins: { client_ed25519: signInByEd25519(address.password) },
    charset: 'UTF8MB4_BIN',
    dateStrings: true,
    stringifyObjects: true,
    multipleStatements: false,
    flags: ['-LOCAL_FILES'],
    connectTimeout: 0, // only the caller's signal limits the time
    maxPreparedStatements: PREPARED_STATEMENTS_MAX,
  });
  return { connection, socket };
}

function prepare(access: DatabaseAccess): PreparedAccess {
  const known = prepared.get(access);
  if (known !== undefined) return known;
  const parsed = parseDatabaseUrl(access.databaseUrl);
  if (!parsed.ok) throw new TypeError(`the URL of the database ${parsed.error}`);
  const made = { address: parsed.value, ssl: sslOptions(parsed.value, access.databaseCa) };
  prepared.set(access, made);
  return made;
}

function sslOptions({ tls }: DatabaseAddress, databaseCa: string | undefined): SslOptions | undefined {
  if (tls === 'off') return undefined;
  if (tls === undefined && databaseCa === undefined) return undefined;
  const { verify, ca, cert, key } = withAuthority(tls ?? { verify: 'identity' }, databaseCa);
  return {
    rejectUnauthorized: verify !== 'nothing',
    verifyIdentity: verify === 'identity',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}

function startSocket({ socketPath, host, port }: DatabaseAddress): Socket {
  if (socketPath !== undefined) return connect({ path: socketPath });
  const socket = connect({
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS,
  });
  // If the host is an IP address, the driver gives Node no host to compare with the certificate, and Node would use
  // `localhost`. Node looks at `_host` first, which it sets itself only for host names.
  if (isIP(host) !== 0) Object.assign(socket, { _host: host });
  return socket;
}
