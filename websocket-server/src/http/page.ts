import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RelaySettings } from '../configuration.ts';

const FOLDER = fileURLToPath(new URL('../../../web-client/', import.meta.url));

/** The page's files by their path on the relay. Nothing else of the folder is served. */
const FILES = {
  '/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
  '/favicon.svg': { file: 'favicon.svg', type: 'image/svg+xml' },
  '/dist/page.js': { file: 'dist/page.js', type: 'text/javascript; charset=utf-8' },
} as const;

interface PageFile {
  readonly type: string;
  readonly content: string;
}

export interface Page {
  readonly files: ReadonlyMap<string, PageFile>;
  /** The page itself, for a request to this host (`name` or `name:port`, checked before). */
  html(host: string): string;
  /** Its Content-Security-Policy: no script but its own, no connection but to this relay and the API. */
  contentSecurityPolicy(host: string): string;
}

/** Reads the page's files, once. They are there after `npm run build`. */
export function loadPage(settings: RelaySettings): Page {
  const html = readFileSync(join(FOLDER, 'index.html'), 'utf8');
  const files = new Map<string, PageFile>();
  for (const [path, { file, type }] of Object.entries(FILES)) {
    files.set(path, { type, content: readFileSync(join(FOLDER, file), 'utf8') });
  }
  return {
    files,
    html: (host) =>
      fillIn(html, { 'postline-api-url': apiUrl(settings, host), 'postline-auth': settings.auth }),
    contentSecurityPolicy: (host) => contentSecurityPolicy(apiUrl(settings, host), host),
  };
}

function apiUrl(settings: RelaySettings, host: string): string {
  if (settings.publicApiUrl !== undefined) return settings.publicApiUrl;
  const url = new URL(`http://${host}`);
  url.port = String(settings.apiPort);
  return url.origin;
}

function contentSecurityPolicy(api: string, host: string): string {
  const directives = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'img-src': "'self'",
    'connect-src': `'self' ws://${host} wss://${host} ${new URL(api).origin}`,
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    'require-trusted-types-for': "'script'",
  };
  return Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join('; ');
}

/** Sets the content of the page's `<meta name="…" content="…">` elements. */
function fillIn(html: string, contents: Readonly<Record<string, string>>): string {
  let filled = html;
  for (const [name, content] of Object.entries(contents)) {
    const escaped = content.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
    filled = filled.replace(`name="${name}" content=""`, () => `name="${name}" content="${escaped}"`);
  }
  return filled;
}
