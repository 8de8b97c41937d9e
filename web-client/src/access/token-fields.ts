import { pageElement, textElement } from '../page/page-element.ts';
import type { Credentials } from './credentials.ts';
import { tokenWords } from './token-words.ts';

export interface TokenFields {
  /** One field for each of these clients. */
  readonly showClients: (ids: readonly string[]) => void;
  /** This relay requires tokens. */
  readonly reveal: () => void;
}

/** The fields for the tokens of the clients in the form. `onChange` runs when a token was typed. */
export function createTokenFields(credentials: Credentials, onChange: () => void): TokenFields {
  const root = pageElement('token-fields', HTMLElement);
  let shown: readonly string[] = [];

  function fieldOf(clientId: string, index: number): HTMLElement {
    const row = textElement('div', 'token-row');
    const label = textElement('label', '', shown.length > 1 ? `Token of ${clientId}` : 'Token');
    const field = textElement('input', 'secret');
    const hint = textElement('p', 'hint');
    field.id = `token-${index}`;
    label.htmlFor = field.id;
    hint.id = `token-${index}-hint`;
    field.setAttribute('aria-describedby', hint.id);
    field.placeholder = `npm run token -- ${clientId}`;
    field.spellcheck = false;
    field.value = credentials.tokenOf(clientId);
    const showHint = () => {
      hint.textContent = tokenWords(credentials.tokenOf(clientId), clientId, new Date());
      hint.hidden = hint.textContent === '';
    };
    field.addEventListener('input', () => {
      credentials.setToken(clientId, field.value);
      showHint();
      onChange();
    });
    showHint();
    row.append(label, field, hint);
    return row;
  }

  return {
    showClients: (ids) => {
      if (ids.join() === shown.join()) return;
      shown = ids;
      root.replaceChildren(...ids.map(fieldOf));
    },
    reveal: () => {
      root.hidden = false;
    },
  };
}
