import type { Result } from '../structures/result.ts';
import { parseRedisUrl, type RedisAddress } from './redis-url.ts';

const SENTINEL_PORT_DEFAULT = 26_379;
const NODE_PORT_DEFAULT = 6_379;
/** Far more than a deployment needs: three to five sentinels, a few nodes of a cluster. */
const HOSTS_MAX = 50;

const SCHEME = /^([a-z][\w+.-]*):\/\//i;
/** The last @ before the path ends the login. Every text with such a scheme matches. */
const SEVERAL_HOSTS =
  /^(?<scheme>rediss?)\+(?<kind>sentinel|cluster):\/\/(?<login>(?:[^/?#]*@)?)(?<hosts>[^/?#@]*)(?<path>[^?#]*)(?<query>[^#]*)(?<hash>.*)$/is;
const HOST_AND_PORT = /^(?:\[[\da-f:.]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/i;
const PORT_MAX = 65_535;

/** Where Redis is found: at one address, by asking sentinels for the master, or at any node of a cluster. */
export type RedisLocation =
  | { readonly kind: 'server'; readonly server: RedisAddress }
  | {
      readonly kind: 'sentinel';
      /** Without a login: theirs is not that of the servers. */
      readonly sentinels: readonly RedisAddress[];
      readonly masterName: string;
      readonly master: RedisAccess;
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisAddress[] };

/** How to connect to a server, wherever it is. */
export type RedisAccess = Pick<RedisAddress, 'username' | 'password' | 'family' | 'tls'>;

/**
 * Reads `REDIS_URL`: a URL of one server (`parseRedisUrl`), `redis+sentinel://[user:password@]host:port,…/<master>[/db]`
 * or `redis+cluster://[user:password@]host:port,…`; with `rediss+` for TLS. Errors repeat no part of the URL except its
 * scheme and names of parameters.
 */
export function parseRedisLocation(redisUrl: string): Result<RedisLocation> {
  const scheme = SCHEME.exec(redisUrl)?.[1]?.toLowerCase() ?? '';
  if (/^rediss?\+(sentinel|cluster)$/.test(scheme)) return severalHosts(redisUrl);
  if (/sentinel|cluster/.test(scheme))
    return failed(`${scheme}:// is unknown: use redis+sentinel:// or redis+cluster://, with TLS rediss+…`);
  const parsed = parseRedisUrl(redisUrl);
  return parsed.ok ? { ok: true, value: { kind: 'server', server: parsed.value } } : parsed;
}

/** Whether connections are made with TLS. */
export function usesTls(location: RedisLocation): boolean {
  switch (location.kind) {
    case 'server':
      return location.server.tls !== undefined;
    case 'sentinel':
      return location.master.tls !== undefined;
    case 'cluster':
      return location.nodes[0]?.tls !== undefined;
  }
}

function severalHosts(redisUrl: string): Result<RedisLocation> {
  const { scheme, kind, login, hosts, path, query, hash } = partsOf(redisUrl);
  if (hash !== '') return failed('must have no part after #');
  if (decoded(login) === undefined)
    return failed('must have % codes for special characters in the user and the password');
  const isSentinel = kind.toLowerCase() === 'sentinel';
  const portDefault = isSentinel ? SENTINEL_PORT_DEFAULT : NODE_PORT_DEFAULT;
  const start = `${scheme}://${login}`;
  const addresses = addressesOf(hosts, (host, port) => `${start}${host}:${port ?? portDefault}${query}`);
  if (!addresses.ok) return addresses;
  return isSentinel ? sentinelLocation(addresses.value, path) : clusterLocation(addresses.value, path);
}

/** The texts between the signs; `login` with its @. */
function partsOf(redisUrl: string) {
  const groups: Partial<Record<string, string>> = SEVERAL_HOSTS.exec(redisUrl)?.groups ?? {};
  const { scheme = '', kind = '', login = '', hosts = '', path = '', query = '', hash = '' } = groups;
  return { scheme, kind, login, hosts, path, query, hash };
}

function addressesOf(
  hosts: string,
  urlOf: (host: string, port: string | undefined) => string,
): Result<RedisAddress[]> {
  if (hosts === '') return failed('must name at least one host: host:port,host:port');
  const names = hosts.split(',');
  if (names.length > HOSTS_MAX) return failed(`may name at most ${HOSTS_MAX} hosts`);
  const addresses: RedisAddress[] = [];
  for (const [index, name] of names.entries()) {
    const match = HOST_AND_PORT.exec(name);
    const port = match?.[1];
    if (match === null || Number(port ?? 1) > PORT_MAX)
      return failed(`must name hosts as host:port,host:port, and number ${index + 1} is not written so`);
    const host = port === undefined ? name : name.slice(0, -port.length - 1);
    const parsed = parseRedisUrl(urlOf(host, port));
    if (!parsed.ok) return parsed;
    addresses.push(parsed.value);
  }
  return { ok: true, value: addresses };
}

function sentinelLocation(addresses: readonly RedisAddress[], path: string): Result<RedisLocation> {
  const [, name = '', database = '', ...more] = path.split('/');
  const masterName = decoded(name);
  if (masterName === undefined) return failed('must have % codes for special characters in the name');
  if (masterName === '')
    return failed('must name the master after the hosts: redis+sentinel://host:port,host:port/<master name>');
  if (more.length > 0 || !/^\d*$/.test(database))
    return failed('may have nothing but the number of a database after the name of the master');
  const [{ username, password, family, tls } = {}] = addresses;
  const shared = { ...(family === undefined ? {} : { family }), ...(tls === undefined ? {} : { tls }) };
  const login = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
  const sentinels = addresses.map(({ host = '', port = SENTINEL_PORT_DEFAULT }) => ({
    host,
    port,
    ...shared,
  }));
  return { ok: true, value: { kind: 'sentinel', sentinels, masterName, master: { ...login, ...shared } } };
}

function clusterLocation(nodes: readonly RedisAddress[], path: string): Result<RedisLocation> {
  if (!/^\/?0?$/.test(path)) return failed('may have nothing after the hosts: a cluster has only database 0');
  return { ok: true, value: { kind: 'cluster', nodes } };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function failed(error: string): { readonly ok: false; readonly error: string } {
  return { ok: false, error };
}
