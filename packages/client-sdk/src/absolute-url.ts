import { requireOption } from './option-checks.ts';

/** The parts of a page's global scope that are used here. Other platforms lack some of them. */
interface PageGlobals {
  readonly URL?: typeof URL;
  readonly document?: { readonly baseURI?: string };
  readonly location?: { readonly href?: string };
}

/** Unencrypted addresses that an https page may not use: all but those of its own machine. */
const INSECURE = /^(?:http|ws):\/\/(?!(?:[^/]*\.)?localhost[:/]|127\.|\[::1\])/;

/**
 * The absolute address in the option `url`; in a page it may be relative. Throws a TypeError for an address that can never
 * work, so that the caller learns it at once and not from endless retries.
 */
export function absoluteUrl(url: unknown, schemes: RegExp): string {
  const { URL: Parser, document, location } = globalThis as PageGlobals;
  const text = (url as Partial<URL> | undefined)?.href ?? url;
  let href = '';
  try {
    if (typeof text === 'string')
      href = Parser === undefined ? text : new Parser(text, document?.baseURI ?? location?.href).href;
  } catch {
    // It is relative, or has no valid host or port.
  }
  requireOption(schemes.test(href), 'url', 'scheme or host');
  requireOption(!href.includes('#'), 'url', '#fragment');
  const isInsecure = location?.href?.startsWith('https:') === true && INSECURE.test(href);
  requireOption(!isInsecure, 'url', 'not encrypted');
  return href;
}
