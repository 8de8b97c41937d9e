import { absoluteUrl } from '../platform/absolute-url.ts';
import { PostlineError } from '../postline-error.ts';

/** The relay's address as a WebSocket takes it. Throws a PostlineError where it is none. */
export function relayUrl(url: string | URL): string {
  try {
    return absoluteUrl(url, /^(?:http|ws)s?:\/\//).replace(/^http/, 'ws');
  } catch (cause) {
    throw new PostlineError('cannot_connect', { cause });
  }
}
