import { connect, isIP, type Socket } from 'node:net';
import { type DatabaseAddress, parseDatabaseUrl, withAuthority } from '@postline/service-runtime';
import { type Connection, createConnection, type SslOptions } from 'mysql2';
import { signInByEd25519 } from './sign-in-by-ed25519.ts';

/** Access to a database. */
export interface DatabaseAccess {
  /** `mysql://user:password@host:port/database?parameters` */
  readonly databaseUrl: string;
  /** PEM of the authorities that may have signed the database's certificate, beside those that the URL names. */
  readonly databaseCa?: string | undefined;
}

/** Options of a connection, prepared once: the driver keeps TLS sessions by the object of its options. */
interface PreparedAccess {
  readonly address: DatabaseAddress;
  readonly ssl: SslOptions | undefined;
}

/** Statements of different shapes that one connection keeps prepared: more than our roundings can make. */
const PREPARED_STATEMENTS_MAX = 512;

/** Tells a dead server apart from a silent one in the operating system's own time; ours is the deadline. */
const KEEP_ALIVE_AFTER_MS = 10_000;

const prepared = new WeakMap<DatabaseAccess, PreparedAccess>();

/** Begins to connect. Throws if the URL is one that the settings would have refused. */
export function startConnection(access: DatabaseAccess): { connection: Connection; socket: Socket } {
  const { address, ssl } = prepare(access);
  const socket = startSocket(address);
  socket.on('error', () => undefined); // the driver's listener and the socket's end tell; none may be uncaught
  const connection = createConnection({
    stream: socket, // our own, because the driver's destroy() waits for the other side
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
    connectTimeout: 0, // the caller's signal is the only clock
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
  // The driver gives Node no host to compare with the certificate where it is an IP address, and Node would take
  // `localhost` for it. What it looks at before that is this, which it sets itself for names.
  if (isIP(host) !== 0) Object.assign(socket, { _host: host });
  return socket;
}
