/** What a page has around it; elsewhere some of it is missing. */
interface Surroundings {
  readonly URL?: typeof URL;
  readonly document?: { readonly baseURI?: string };
  readonly location?: { readonly href?: string };
}

/** A page by https: may talk to its own machine in the clear, and to nobody else. */
const IN_THE_CLEAR = /^(?:http|ws):\/\/(?!(?:[^/]*\.)?localhost[:/]|127\.|\[::1\])/;

/**
 * The whole address of a server; in a page it may be given relative to it. Throws a TypeError that says in words why an
 * address can't work: those that would be refused at every try are refused at once.
 */
export function absoluteUrl(url: string | URL, schemes: RegExp): string {
  const { URL: Parser, document, location } = globalThis as Surroundings;
  const base = document?.baseURI ?? location?.href;
  const href = Parser === undefined ? String(url) : new Parser(url, base).href;
  if (!schemes.test(href)) throw new TypeError('the address has another scheme, or no host');
  if (href.includes('#')) throw new TypeError('the address has a #fragment');
  if (location?.href?.startsWith('https:') === true && IN_THE_CLEAR.test(href))
    throw new TypeError('the page is encrypted, and the address is not');
  return href;
}
