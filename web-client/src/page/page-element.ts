/** The element of index.html with this id and class. Throws if index.html and the script do not match. */
export function pageElement<T extends Element>(id: string, expected: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof expected))
    throw new Error(`index.html has no ${expected.name} with the id "${id}"`);
  return element;
}

/** A new element with a class and a text. Markup in the text stays text. */
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

/** The icons of index.html. Each state and outcome has its own shape, for people who cannot see the colours. */
export type PageIcon = 'idle' | 'connecting' | 'live' | 'waiting' | 'stopped';

/** Shows an icon in a `<use>` of index.html. */
export function showIcon(use: SVGUseElement, icon: PageIcon): void {
  use.setAttribute('href', `#icon-${icon}`);
}
