import { buttonElement, textElement } from '../page/page-element.ts';

/** About ten lines of a wide list, which is what the style leaves of a folded text. */
const CHARACTERS_MAX = 1_000;
const LINES_MAX = 12;

/** Decided by the text and not by the layout, which would have to be measured for each message and each new width. */
export function isLongText(text: string): boolean {
  return text.length > CHARACTERS_MAX || text.split('\n', LINES_MAX + 1).length > LINES_MAX;
}

/** The text of a message; a long one fades and has a button that unfolds it. */
export function textElements(text: string): HTMLElement[] {
  const paragraph = textElement('p', 'message-text', text);
  paragraph.dir = 'auto';
  if (!isLongText(text)) return [paragraph];
  const unfold = buttonElement('message-unfold', '', () => {
    show(paragraph.dataset['folded'] !== 'true');
  });
  const show = (folded: boolean) => {
    paragraph.dataset['folded'] = String(folded);
    unfold.ariaExpanded = String(!folded);
    unfold.textContent = folded ? `Show all ${text.length.toLocaleString()} characters` : 'Show less';
  };
  show(true);
  return [paragraph, unfold];
}
