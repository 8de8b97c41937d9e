import { absoluteUrl } from '../platform/absolute-url.ts';
import { PublishError } from './publish-error.ts';

/** The API's address as it was configured, without a slash at its end. Throws a PublishError where it is none. */
export function apiUrl(url: string | URL): string {
  try {
    const href = absoluteUrl(url, /^https?:\/\//);
    if (/^[^/]*\/\/[^/]*@/.test(href)) throw new TypeError('a name and a password in it: use `key`');
    return href.replace(/\?.*/, '').replace(/\/+$/, '');
  } catch (cause) {
    const words = `The API's address can't work: ${cause instanceof Error ? cause.message : String(cause)}.`;
    throw new PublishError('cannot_connect', words, { retryable: false, cause });
  }
}
