import { isIP } from 'node:net';
import type { Result } from '../structures/result.ts';

const ANY_PORT_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);
/** A name or address, and a port: nothing that a URL would take for another part. */
const HOST_PATTERN = /^[\w.:[\]-]+$/;
/**
 * A scheme and a host, which may be empty (`file://`). `*` could be part of a host's name, but whoever writes it means any
 * name: an exact rule would never match.
 */
const ORIGIN_PATTERN = /^[a-z][a-z0-9+.-]*:\/\/[\w.:~%!$&'()+;=[\]-]*$/;
const WRONG_ORIGIN =
  'must be origins as browsers send them, like https://shop.example or capacitor://localhost: in lower case, without a path or a slash at the end, separated by commas';
const OPEN_MODE_RULES = 'http://localhost:*,http://127.0.0.1:*,null';

/** Which pages may use a service: exact origins, `null` (a page opened from disk), or any port of this machine. */
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
 * Whether a browser could send this as `Origin`. Those of http have one spelling; those of other schemes (apps, extensions)
 * are texts to Node, which calls the origin of their URLs `null`.
 */
function isExactOrigin(rule: string): boolean {
  if (!ORIGIN_PATTERN.test(rule) || !URL.canParse(rule)) return false;
  const { origin } = new URL(rule);
  return origin === rule || origin === 'null';
}

/** The rules where none are set: this machine's own pages in open mode, nobody otherwise. */
export function defaultOriginRules(auth: 'open' | 'required'): OriginRules {
  const none: OriginRules = { exact: new Set(), anyPortOf: new Set() };
  if (auth === 'required') return none;
  const rules = parseOriginRules(OPEN_MODE_RULES);
  return rules.ok ? rules.value : none;
}

/** The same without `null`: any page may have itself sent as that, by a frame in a sandbox. */
export function withoutNullOrigin({ exact, anyPortOf }: OriginRules): OriginRules {
  return { exact: new Set([...exact].filter((origin) => origin !== 'null')), anyPortOf };
}

/** Whether a request with this `Origin` header may go on. Programs that are no browser send none. */
export function isOriginAllowed(rules: OriginRules, origin: string | undefined): boolean {
  if (origin === undefined || rules.exact.has(origin)) return true;
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname, origin: canonical } = new URL(origin);
  return canonical === origin && rules.anyPortOf.has(`${protocol}//${hostname}`);
}

/**
 * Whether an open service may be called under this `Host` header. A page of a stranger's can point its own name at
 * this machine (DNS rebinding); it can't do so with an IP address, localhost, or a name without a dot.
 */
export function isHostAllowed(allowedHosts: readonly string[], host: string | undefined): boolean {
  if (host === undefined || !HOST_PATTERN.test(host) || !URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  if (hostname.startsWith('[') || isIP(hostname) !== 0) return true;
  return !hostname.includes('.') || hostname.endsWith('.localhost') || allowedHosts.includes(hostname);
}
