import { createCopyBlock } from './copy-block.ts';
import { addressForClientId } from '../page/page-address.ts';
import { pageElement } from '../page/page-element.ts';
import { jsonId } from '../page/client-id.ts';

const CLIENT_ID_FIRST = '1';
const CLIENT_ID_OTHER = '2';

export interface ClientExamples {
  show(id: string): void;
}

/** Ways to send to the chosen client: a command for the terminal, and a second tab. */
export function createClientExamples(apiUrl: string): ClientExamples {
  const blocks = Array.from(document.querySelectorAll<HTMLElement>('.copy-block'), createCopyBlock);
  const otherTab = pageElement('other-tab', HTMLAnchorElement);
  return {
    show: (id) => {
      for (const block of blocks) block.show(curlLine(apiUrl, id));
      const otherId = id === CLIENT_ID_OTHER ? CLIENT_ID_FIRST : CLIENT_ID_OTHER;
      otherTab.href = addressForClientId(location.href, otherId);
      otherTab.textContent = `another tab as client ${otherId}`;
    },
  };
}

/** A command that sends a message to this client, ready to paste into a terminal. */
export function curlLine(apiUrl: string, id: string): string {
  const body = `{"message": "Hello Client ${id}!", "targetId": ${JSON.stringify(jsonId(id))}}`;
  // A bare host needs no slash; a path keeps it, because a proxy may redirect without it.
  const url = apiUrl.replace(/^(\w+:\/\/[^/]*)\/$/, '$1');
  return `curl -X POST ${quoted(url)} -H "Content-Type: application/json" -d '${body}'`;
}

/** Quotes an address only if the shell would interpret it. */
function quoted(url: string): string {
  return /^[\w.:/[\]-]+$/.test(url) && !url.includes('[') ? url : `'${url.replaceAll("'", '%27')}'`;
}
