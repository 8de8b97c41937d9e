import { pageElement } from '../page/page-element.ts';
import type { Credentials } from './credentials.ts';

/** The field for the key that sends messages and changes groups. Returns a function that reveals it. */
export function createKeyField(credentials: Credentials): () => void {
  const root = pageElement('key-field', HTMLElement);
  const field = pageElement('api-key', HTMLInputElement);
  field.value = credentials.apiKey;
  field.addEventListener('input', () => {
    credentials.apiKey = field.value;
  });
  return () => {
    root.hidden = false;
  };
}
