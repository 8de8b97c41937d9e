import { isIP } from 'node:net';
import type { Result } from '../structures/result.ts';

const ANY_PORT_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);
/** A name or address, and a port: no character that starts another part of a URL. */
const HOST_PATTERN = /^[\w.:[\]-]+$/;
/**
 * A scheme and a host, which may be empty (`file://`). `*` is refused although it could be part of a host name: it is
 * meant as a wildcard, and an exact rule would never match.
 */
const ORIGIN_PATTERN = /^[a-z][a-z0-9+.-]*:\/\/[\w.:~%!$&'()+;=[\]-]*$/;
const WRONG_ORIGIN =
  'must be origins as browsers send them, like https://shop.example or capacitor://localhost: in lower case, without a path or a slash at the end, separated by commas';
const OPEN_MODE_RULES = 'http://localhost:*,http://127.0.0.1:*,null';

/** The pages that may use a service: exact origins, `null` (a page opened from disk), or any port of this machine. */
export interface OriginRules {
  readonly exact: ReadonlySet<string>;
  readonly anyPortOf: ReadonlySet<string>;
}

/** Reads a comma-separated list of origins. */
export function parseOriginRules(text: string): Result<OriginRules> {
  const exact = new Set<string>();
  const anyPortOf = new Set<string>();
  for (const rule of text.split(',').map((part) => part.trim())) {
    const anyPort = /^(https?:\/\/)([^/]+):\*$/.exec(rule);
    if (anyPort !== null) {
      if (!ANY_PORT_HOSTS.has(anyPort[2] ?? ''))
        return { ok: false, error: '"*" is only for ports of localhost' };
      anyPortOf.add(`${anyPort[1]}${anyPort[2]}`);
    } else if (rule === 'null' || isExactOrigin(rule)) {
      exact.add(rule);
    } else {
      return { ok: false, error: WRONG_ORIGIN };
    }
  }
  return { ok: true, value: { exact, anyPortOf } };
}

/**
 * Whether a browser could send this as `Origin`. An http origin has one spelling; for other schemes (apps, extensions)
 * Node's URL has the origin `null`, so they are compared as text.
 */
function isExactOrigin(rule: string): boolean {
  if (!ORIGIN_PATTERN.test(rule) || !URL.canParse(rule)) return false;
  const { origin } = new URL(rule);
  return origin === rule || origin === 'null';
}

/** The default rules: pages of this machine in open mode, none otherwise. */
export function defaultOriginRules(auth: 'open' | 'required'): OriginRules {
  const none: OriginRules = { exact: new Set(), anyPortOf: new Set() };
  if (auth === 'required') return none;
  const rules = parseOriginRules(OPEN_MODE_RULES);
  return rules.ok ? rules.value : none;
}

/** The same without `null`: any page can send that, by a sandboxed frame. */
export function withoutNullOrigin({ exact, anyPortOf }: OriginRules): OriginRules {
  return { exact: new Set([...exact].filter((origin) => origin !== 'null')), anyPortOf };
}

/** Whether a request with this `Origin` header is allowed. Programs other than browsers send none. */
export function isOriginAllowed(rules: OriginRules, origin: string | undefined): boolean {
  if (origin === undefined || rules.exact.has(origin)) return true;
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname, origin: canonical } = new URL(origin);
  return canonical === origin && rules.anyPortOf.has(`${protocol}//${hostname}`);
}

/**
 * Whether an open service accepts this `Host` header. A hostile page can point its own domain at this machine (DNS
 * rebinding), but not an IP address, localhost, or a name without a dot.
 */
export function isHostAllowed(allowedHosts: readonly string[], host: string | undefined): boolean {
  if (host === undefined || !HOST_PATTERN.test(host) || !URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  if (hostname.startsWith('[') || isIP(hostname) !== 0) return true;
  return !hostname.includes('.') || hostname.endsWith('.localhost') || allowedHosts.includes(hostname);
}
