import { parseJsonObject, textOr } from '../page/json-object.ts';

/** The API answers or gives up within five seconds; after twice that no answer will come. */
const ANSWER_WITHIN_MS = 10_000;

export interface GroupMembers {
  /** Both resolve with what went wrong, in words, or undefined. */
  join(groupName: string, clientId: string): Promise<string | undefined>;
  leave(groupName: string, clientId: string): Promise<string | undefined>;
}

/** Changes members of groups by the API. `authorization`: the header with the key, if there is one. */
export function createGroupMembers(apiUrl: string, authorization: () => HeadersInit): GroupMembers {
  async function change(method: 'PUT' | 'DELETE', groupName: string, clientId: string) {
    const path = `groups/${encodeURIComponent(groupName)}/members/${encodeURIComponent(clientId)}`;
    try {
      const response = await fetch(new URL(path, apiUrl), {
        method,
        headers: authorization(),
        credentials: 'omit',
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      return response.ok ? undefined : problemWords(response.status, await response.text());
    } catch {
      return `The API at ${apiUrl} did not answer. Try again.`;
    }
  }
  return {
    join: (groupName, clientId) => change('PUT', groupName, clientId),
    leave: (groupName, clientId) => change('DELETE', groupName, clientId),
  };
}

/** The API's own words, if the answer is from the API and not a proxy's page. */
export function problemWords(status: number, body: string): string {
  const { detail, title } = parseJsonObject(body) ?? {};
  return textOr(detail, textOr(title, `The API refused this with status ${status}.`));
}
