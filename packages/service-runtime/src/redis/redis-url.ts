import type { Result } from '../structures/result.ts';

const REDIS_PORT_DEFAULT = 6379;

/** The address of one server and the login; the names are those of the driver. */
export interface RedisAddress {
  readonly host?: string;
  readonly port?: number;
  /** Of a Unix socket, in place of host and port. */
  readonly path?: string;
  /** IP version; 0 or left out: either. */
  readonly family?: number;
  readonly username?: string;
  readonly password?: string;
  /** Present where the connection is made with TLS; certificate and name are always verified. */
  readonly tls?: { readonly rejectUnauthorized: true; readonly ca?: string };
}

const NOT_A_URL =
  'must be a URL that starts with redis:// or rediss:// (with % codes for special characters in a password)';
const VERIFIED = 'certificates are always verified; REDIS_CA_FILE names a private authority';

/**
 * Known parameters, each with the values that describe how this service works anyway; `otherwise`: why another value is
 * refused.
 */
const PARAMETERS: Readonly<Record<string, { readonly values: RegExp; readonly otherwise: string }>> = {
  db: { values: /^\d{1,5}$/, otherwise: 'must be the number of a database (which pub/sub ignores)' },
  family: { values: /^[046]$/, otherwise: 'must be 4, 6 or 0' },
  ssl: { values: /^(true|1|yes|false|0|no)$/i, otherwise: 'must be true or false' },
  tls: { values: /^(true|1|yes|false|0|no)$/i, otherwise: 'must be true or false' },
  ssl_cert_reqs: { values: /^(cert_)?required$/i, otherwise: `must be required: ${VERIFIED}` },
  ssl_check_hostname: { values: /^(true|1|yes)$/i, otherwise: `must be true: ${VERIFIED}` },
  rejectUnauthorized: { values: /^(true|1)$/i, otherwise: `must be true: ${VERIFIED}` },
};

/**
 * Reads `redis://[user:password@]host:port[/db]`, `rediss://` (TLS), `redis+unix:///path` and `redis:///path` (a Unix
 * socket). An unknown parameter is an error: it may be the one that requires TLS. The number of the database is not
 * used, because pub/sub ignores it. Errors repeat no part of the URL except names of parameters.
 */
export function parseRedisUrl(redisUrl: string): Result<RedisAddress> {
  const text = redisUrl.replace(/^(\w+\+?\w*:\/\/[^/?#]*@)\//, '$1localhost/'); // a socket's, with a user and no host
  const scheme = /^([a-z+-]+):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (!/^(rediss?|redis\+unix|unix)$/.test(scheme ?? '') || !URL.canParse(text)) return failed(NOT_A_URL);
  const url = new URL(text);
  const login = loginOf(url);
  if (login === undefined) return failed(NOT_A_URL);
  const fault = url.hash === '' ? parameterFault(url.searchParams) : 'must have no part after #';
  if (fault !== undefined) return failed(fault);
  return socketPath(url) === undefined ? serverAddress(url, login) : socketAddress(url, login);
}

type Login = Pick<RedisAddress, 'username' | 'password'>;

function loginOf({ username, password }: URL): Login | undefined {
  try {
    return {
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    };
  } catch {
    return undefined;
  }
}

function parameterFault(parameters: URLSearchParams): string | undefined {
  for (const name of parameters.keys()) {
    const known = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
    const shown = /^[\w.-]{1,64}$/.test(name) ? name : 'with an odd name';
    if (known === undefined && /ca/i.test(name) && /ssl|tls|cert/i.test(name)) {
      return `the parameter ${shown} is unknown: use REDIS_CA_FILE for a private authority`;
    }
    if (known === undefined) return `the parameter ${shown} is unknown`;
    const values = parameters.getAll(name);
    if (values.length > 1) return `the parameter ${shown} is there twice`;
    if (!known.values.test(values[0] ?? '')) return `the parameter ${shown} ${known.otherwise}`;
  }
  return undefined;
}

/** The path of a Unix socket: the URL names no host, and the path is more than the number of a database. */
function socketPath({ protocol, hostname, pathname }: URL): string | undefined {
  const isSocket = /unix/.test(protocol) || (hostname === '' && !/^\/?\d*$/.test(pathname));
  return isSocket ? pathname : undefined;
}

function socketAddress(url: URL, login: Login): Result<RedisAddress> {
  if (!/^(localhost)?$/.test(url.hostname) || url.pathname.length < 2)
    return failed('must name a Unix socket by its whole path: redis+unix:///path');
  if (url.protocol === 'rediss:' || wantsTls(url) === true) return failed('a Unix socket takes no TLS');
  try {
    return { ok: true, value: { path: decodeURIComponent(url.pathname), ...login } };
  } catch {
    return failed(NOT_A_URL);
  }
}

function serverAddress(url: URL, login: Login): Result<RedisAddress> {
  if (!/^\/?\d*$/.test(url.pathname))
    return failed('may have nothing but the number of a database after the host');
  const asked = wantsTls(url);
  if (url.protocol === 'rediss:' && asked === false)
    return failed('rediss:// and a parameter that turns TLS off contradict each other');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const family = url.searchParams.get('family');
  return {
    ok: true,
    value: {
      host: host === '' ? '127.0.0.1' : decodeURIComponent(host),
      port: url.port === '' ? REDIS_PORT_DEFAULT : Number(url.port),
      ...(family === null ? {} : { family: Number(family) }),
      ...login,
      ...(url.protocol === 'rediss:' || asked === true ? { tls: { rejectUnauthorized: true } } : {}),
    },
  };
}

/** Whether the parameters require TLS; undefined where none is about it. */
function wantsTls({ searchParams }: URL): boolean | undefined {
  const value = searchParams.get('ssl') ?? searchParams.get('tls');
  if (value !== null) return /^(true|1|yes)$/i.test(value);
  // A parameter about verifying certificates implies TLS.
  return ['ssl_cert_reqs', 'ssl_check_hostname', 'rejectUnauthorized'].some((name) => searchParams.has(name))
    ? true
    : undefined;
}

function failed(error: string): Result<RedisAddress> {
  return { ok: false, error };
}
