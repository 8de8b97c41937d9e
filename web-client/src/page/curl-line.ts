import { jsonId } from './client-id.ts';

export interface CurlLineParts {
  readonly apiUrl: string;
  readonly targetId: string;
  /** Adds a key from the shell's environment. The page never shows a key. */
  readonly needsKey: boolean;
}

/** A command that sends a message to this target, ready to paste into a terminal. */
export function curlLine({ apiUrl, targetId, needsKey }: CurlLineParts): string {
  const body = `{"message": "Hello Client ${targetId}!", "targetId": ${JSON.stringify(jsonId(targetId))}}`;
  // A bare host needs no slash; a path keeps it, because a proxy may redirect without it.
  const url = apiUrl.replace(/^(\w+:\/\/[^/]*)\/$/, '$1');
  const key = needsKey ? ' -H "Authorization: Bearer $POSTLINE_KEY"' : '';
  return `curl -X POST ${quoted(url)} -H "Content-Type: application/json"${key} -d '${body}'`;
}

/** Quotes an address only if the shell would interpret it. */
function quoted(url: string): string {
  return /^[\w.:/[\]-]+$/.test(url) && !url.includes('[') ? url : `'${url.replaceAll("'", '%27')}'`;
}
