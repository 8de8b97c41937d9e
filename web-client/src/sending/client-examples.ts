import { createCopyBlock } from './copy-block.ts';
import { curlLine } from './curl-line.ts';
import { addressForClientId } from '../page/page-address.ts';
import { pageElement } from '../page/page-element.ts';

const CLIENT_ID_FIRST = '1';
const CLIENT_ID_OTHER = '2';

export interface ClientExamples {
  show(id: string): void;
}

/** What to try with the chosen client: the command that writes to it, and a second tab to write from. */
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
