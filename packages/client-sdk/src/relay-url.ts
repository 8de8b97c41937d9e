/** The relay's address as a WebSocket takes it; a page may give it relative to itself, and as `http:` too. */
export function relayUrl(url: string | URL): string {
  const { location } = globalThis as { location?: Location };
  return new URL(url, location?.href).href.replace(/^http/, 'ws');
}
