/** The relay's address as a WebSocket takes it; a page may give it relative to itself, and as `http:` too. */
export function relayUrl(url: string | URL): string {
  const base = typeof location === 'object' ? location.href : undefined;
  return new URL(url, base).href.replace(/^http/, 'ws');
}
