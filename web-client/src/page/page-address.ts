const API_PORT_DEFAULT = '8080';
const API_URL_FROM_DISK = 'http://localhost:8080/';
const RELAY_URL_FROM_DISK = 'ws://localhost:3000/';
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
const WEB_SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'ws:', 'wss:']);
const CLIENT_ID_PARAMETER = 'clientId';

export interface PageAddresses {
  /** Where messages are posted to. */
  readonly apiUrl: string;
  /** The relay's WebSocket. */
  readonly relayUrl: string;
}

/**
 * Where this page finds the API and the relay. Served by the relay: the API's address is what the relay wrote into the
 * page, else port 8080 of the page's own host; the relay is where the page is, which behind a reverse proxy may be
 * under a path (`/push/`, or `/push`). Opened from disk: localhost, or other ports by `?api=…&relay=…`. Those are taken
 * from loopback hosts only, and never on a served page, so that a link cannot make anyone's page talk to a stranger.
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
 * The id that the page's address asks to connect as at once, or `undefined` where it names none. A plus sign is one,
 * as people type `?clientId=user+tag@shop.example`; URLSearchParams would read it as a space, which no id has.
 */
export function clientIdInAddress(href: string): string | undefined {
  const query = new URL(href).search.replaceAll('+', '%2B');
  return new URLSearchParams(query).get(CLIENT_ID_PARAMETER) ?? undefined;
}

/** The page's address for another client id (none: the page that connects to nothing by itself). */
export function addressForClientId(href: string, id: string | undefined): string {
  const page = new URL(href);
  if (id === undefined) page.searchParams.delete(CLIENT_ID_PARAMETER);
  else page.searchParams.set(CLIENT_ID_PARAMETER, id);
  return page.href;
}

function loopbackParameter(page: URL, name: string): string | undefined {
  const value = page.searchParams.get(name);
  if (value === null || !URL.canParse(value)) return undefined;
  const { protocol, hostname } = new URL(value);
  return WEB_SCHEMES.has(protocol) && LOOPBACK_HOSTS.has(hostname) ? value : undefined;
}

/** Only where the page is, without what it was told. */
function pathOf(page: URL): URL {
  const where = new URL(page);
  where.search = '';
  where.hash = '';
  return where;
}

/** With a slash at its end: a proxy that has `/push/api/` may not have `/push/api`. */
function folderOf(address: string): string {
  const url = new URL(address);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url.href;
}

/** The same address as `http:` or `ws:`; what was encrypted stays encrypted. */
function withScheme(url: URL, scheme: 'http' | 'ws'): string {
  const isEncrypted = url.protocol === 'https:' || url.protocol === 'wss:';
  const result = new URL(url.href.replace(/^[a-z]+:/, isEncrypted ? `${scheme}s:` : `${scheme}:`));
  return result.href;
}
