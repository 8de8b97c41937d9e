/** The icons of index.html. Each state and outcome has a shape of its own, for whoever doesn't see the colour. */
export type PageIcon = 'idle' | 'connecting' | 'live' | 'waiting' | 'stopped';

/** Shows an icon in a `<use>` of index.html. */
export function showIcon(use: SVGUseElement, icon: PageIcon): void {
  use.setAttribute('href', `#icon-${icon}`);
}
