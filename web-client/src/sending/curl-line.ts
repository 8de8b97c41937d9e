import { jsonId } from '../connection/client-id.ts';

/** A command that sends a first message to this client, ready to paste into a terminal. */
export function curlLine(apiUrl: string, id: string): string {
  const body = `{"message": "Hello Client ${id}!", "targetId": ${JSON.stringify(jsonId(id))}}`;
  // Without its slash where it is a whole host; a path keeps it, because a proxy may send curl elsewhere without.
  const url = apiUrl.replace(/^(\w+:\/\/[^/]*)\/$/, '$1');
  return `curl -X POST ${quoted(url)} -H "Content-Type: application/json" -d '${body}'`;
}

/** An address needs quotes only where the shell would read something into it. */
function quoted(url: string): string {
  return /^[\w.:/[\]-]+$/.test(url) && !url.includes('[') ? url : `'${url.replaceAll("'", '%27')}'`;
}
