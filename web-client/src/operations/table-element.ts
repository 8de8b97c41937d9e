import { textElement } from '../page/page-element.ts';

/** A cell: a text, or an element in it. */
export type Cell = string | HTMLElement;

/** A table whose first column names its rows. It scrolls by itself if it is too wide. */
export function tableElement(titles: readonly string[], rows: readonly (readonly Cell[])[]): HTMLElement {
  const table = textElement('table', '');
  const head = table.createTHead().insertRow();
  for (const title of titles) {
    const cell = textElement('th', '', title);
    cell.scope = 'col';
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const [index, cell] of row.entries()) {
      const element = textElement(index === 0 ? 'th' : 'td', '');
      if (element instanceof HTMLTableCellElement && index === 0) element.scope = 'row';
      element.append(cell);
      line.append(element);
    }
  }
  const box = textElement('div', 'scroll');
  box.append(table);
  return box;
}
