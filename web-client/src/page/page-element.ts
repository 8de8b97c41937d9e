/** The element of the page with this id and class. Throws if the page and its script do not match. */
export function pageElement<T extends Element>(id: string, expected: new () => T): T {
  return checked(document.getElementById(id), `the id "${id}"`, expected);
}

/** The element below `root` with this name (`data-part`) and class, for parts that are on the page several times. */
export function partOf<T extends Element>(root: Element, name: string, expected: new () => T): T {
  return checked(root.querySelector(`[data-part="${name}"]`), `the part "${name}"`, expected);
}

function checked<T extends Element>(element: Element | null, what: string, expected: new () => T): T {
  if (!(element instanceof expected)) throw new Error(`the page has no ${expected.name} with ${what}`);
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

/** A button that does not submit a form. */
export function buttonElement(className: string, text: string, onClick: () => void): HTMLButtonElement {
  const button = textElement('button', className, text);
  button.type = 'button';
  button.addEventListener('click', onClick);
  return button;
}

/** The icons of index.html. Each state and outcome has its own shape, for people who cannot see the colours. */
export type PageIcon = 'idle' | 'connecting' | 'live' | 'waiting' | 'stopped';

/** Shows an icon in a `<use>` of index.html. */
export function showIcon(use: SVGUseElement, icon: PageIcon): void {
  use.setAttribute('href', `#icon-${icon}`);
}
