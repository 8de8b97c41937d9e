/**
 * The element of index.html with this id, as the class it is expected to be. Throws where index.html and the script
 * do not belong together.
 */
export function pageElement<T extends Element>(id: string, expected: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof expected))
    throw new Error(`index.html has no ${expected.name} with the id "${id}"`);
  return element;
}

/** A new element with a class and a text. The text is only ever text: nothing in it becomes an element. */
export function textElement<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** The icons of index.html. Each state and outcome has a shape of its own, for whoever doesn't see the colour. */
export type PageIcon = 'idle' | 'connecting' | 'live' | 'waiting' | 'stopped';

/** Shows an icon in a `<use>` of index.html. */
export function showIcon(use: SVGUseElement, icon: PageIcon): void {
  use.setAttribute('href', `#icon-${icon}`);
}
