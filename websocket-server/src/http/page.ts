import { createHash } from 'node:crypto';
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

/** Reads the page's files once. `npm run build` creates them. */
export function loadPage(settings: RelaySettings): Page {
  const source = readFileSync(join(FOLDER, 'index.html'), 'utf8');
  const files = new Map<string, PageFile>();
  for (const [path, { file, type }] of Object.entries(FILES)) {
    files.set(path, { type, content: readFileSync(join(FOLDER, file), 'utf8') });
  }
  const html = inOnePiece(source, files);
  return {
    files,
    html: (host) =>
      fillIn(html, { 'postline-api-url': apiUrl(settings, host), 'postline-auth': settings.auth }),
    contentSecurityPolicy: (host) => contentSecurityPolicy(html, apiUrl(settings, host), host),
  };
}

function apiUrl(settings: RelaySettings, host: string): string {
  if (settings.publicApiUrl !== undefined) return settings.publicApiUrl;
  const url = new URL(`http://${host}`);
  url.port = String(settings.apiPort);
  return url.origin;
}

/**
 * The page with its style, script and icon in it. It then asks for nothing by an address, and works under whatever path a
 * reverse proxy gives it: at `/push`, without a slash, `page.css` would be looked for at the root of the host.
 */
function inOnePiece(source: string, files: ReadonlyMap<string, PageFile>): string {
  const contentOf = (path: keyof typeof FILES) => files.get(path)?.content ?? '';
  const script = contentOf('/dist/page.js');
  const style = contentOf('/page.css');
  if (/<!--|<\/script|<\/style/i.test(script + style))
    throw new Error('the page has a script or a style that would end its element: build it again');
  const icon = `data:image/svg+xml,${encodeURIComponent(contentOf('/favicon.svg'))}`;
  const pieces = [
    // The header says more, and would have to be repeated here.
    [/ *<!--(?:(?!-->)[^])*-->\s*<meta http-equiv="Content-Security-Policy"[^>]*>\n/, ''],
    [/href="favicon\.svg"/, `href="${icon}"`],
    [/<link rel="stylesheet" href="page\.css">/, `<style>${style}</style>`],
    [/ *<script src="dist\/page\.js" defer><\/script>\n/, ''],
    [/<\/body>/, `<script>${script}</script>\n  </body>`],
  ] as const;
  return pieces.reduce((html, [place, piece]) => {
    if (!place.test(html)) throw new Error(`index.html has no ${place.source}`);
    return html.replace(place, () => piece);
  }, source);
}

/** How a policy names what may stand in an element of the page itself. */
function sourceOf(html: string, element: 'script' | 'style'): string {
  const content = new RegExp(`<${element}>([^]*?)</${element}>`).exec(html)?.[1] ?? '';
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}

function contentSecurityPolicy(html: string, api: string, host: string): string {
  const directives = {
    'default-src': "'none'",
    'script-src': sourceOf(html, 'script'),
    'style-src': sourceOf(html, 'style'),
    'img-src': 'data:',
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
