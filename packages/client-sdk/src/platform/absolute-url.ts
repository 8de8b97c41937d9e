/** The parts of a page's global scope that are used here. Other platforms lack some of them. */
interface PageGlobals {
  readonly URL?: typeof URL;
  readonly document?: { readonly baseURI?: string };
  readonly location?: { readonly href?: string };
}

/** Unencrypted addresses that an https page may not use: all but those of its own machine. */
const INSECURE = /^(?:http|ws):\/\/(?!(?:[^/]*\.)?localhost[:/]|127\.|\[::1\])/;

/**
 * The absolute address of a server; in a page `url` may be relative. Throws a TypeError for an address that can never
 * work, so that the caller learns it at once and not from endless retries.
 */
export function absoluteUrl(url: string | URL, schemes: RegExp): string {
  const { URL: Parser, document, location } = globalThis as PageGlobals;
  const base = document?.baseURI ?? location?.href;
  const href = Parser === undefined ? String(url) : new Parser(url, base).href;
  const isInsecure = location?.href?.startsWith('https:') === true && INSECURE.test(href);
  if (!schemes.test(href) || href.includes('#') || isInsecure)
    throw new TypeError(isInsecure ? 'not encrypted' : 'bad scheme, host or #fragment');
  return href;
}
