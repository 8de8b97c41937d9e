const API_PORT_DEFAULT = '8080';
const API_URL_FROM_DISK = 'http://localhost:8080/';
const RELAY_URL_FROM_DISK = 'ws://localhost:3000/';
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
const WEB_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'ws:', 'wss:']);
const CLIENT_ID_PARAMETER = 'clientId';

export interface PageAddresses {
  /** Messages are posted here. */
  readonly apiUrl: string;
  /** The relay's WebSocket. */
  readonly relayUrl: string;
}

/**
 * The addresses of the API and the relay. A page served by the relay: the relay is at the page's own address, which may
 * have a path behind a reverse proxy (`/push/` or `/push`); the API's address is in the page, or else port 8080 of the
 * same host. A page from disk: localhost, or the ports in `?api=…&relay=…`. Only loopback hosts are accepted there, and
 * none on a served page, so that no link can make a page talk to a foreign server.
 */
export function resolveAddresses(href: string, apiUrlSetting: string): PageAddresses {
  const page = new URL(href);
  if (page.protocol === 'file:') {
    const api = loopbackParameter(page, 'api') ?? apiUrlSetting;
    return {
      apiUrl: folderOf(withScheme(new URL(api === '' ? API_URL_FROM_DISK : api), 'http')),
      relayUrl: withScheme(new URL(loopbackParameter(page, 'relay') ?? RELAY_URL_FROM_DISK), 'ws'),
    };
  }
  const api = new URL(apiUrlSetting === '' ? `${page.protocol}//${page.hostname}` : apiUrlSetting);
  if (apiUrlSetting === '') api.port = API_PORT_DEFAULT;
  return { apiUrl: folderOf(withScheme(api, 'http')), relayUrl: folderOf(withScheme(pathOf(page), 'ws')) };
}

/**
 * The client ids in the page's address as they were typed, with which the page connects at once, or `undefined`. A plus
 * sign stays one, because people type `?clientId=user+tag@shop.example`; URLSearchParams would read a space.
 */
export function clientIdsInAddress(href: string): string | undefined {
  const query = new URL(href).search.replaceAll('+', '%2B');
  return new URLSearchParams(query).get(CLIENT_ID_PARAMETER) ?? undefined;
}

/** The page's address for these client ids; without one the page does not connect by itself. */
export function addressForClientIds(href: string, ids: readonly string[]): string {
  const page = new URL(href);
  if (ids.length === 0) page.searchParams.delete(CLIENT_ID_PARAMETER);
  else page.searchParams.set(CLIENT_ID_PARAMETER, ids.join());
  page.search = page.search.replaceAll('%2C', ','); // people read and type it
  return page.href;
}

function loopbackParameter(page: URL, name: string): string | undefined {
  const value = page.searchParams.get(name);
  if (value === null || !URL.canParse(value)) return undefined;
  const { protocol, hostname } = new URL(value);
  return WEB_SCHEMES.has(protocol) && LOOPBACK_HOSTS.has(hostname) ? value : undefined;
}

/** The page's address without query and fragment. */
function pathOf(page: URL): URL {
  const where = new URL(page);
  where.search = '';
  where.hash = '';
  return where;
}

/** With a trailing slash: a proxy that serves `/push/api/` may not serve `/push/api`. */
function folderOf(address: string): string {
  const url = new URL(address);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url.href;
}

/** The same address as `http:` or `ws:`, or as `https:` or `wss:` if it was encrypted. */
function withScheme(url: URL, scheme: 'http' | 'ws'): string {
  const isEncrypted = url.protocol === 'https:' || url.protocol === 'wss:';
  const result = new URL(url.href.replace(/^[a-z]+:/, isEncrypted ? `${scheme}s:` : `${scheme}:`));
  return result.href;
}
