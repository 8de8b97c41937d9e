const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A piece of a page: text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | readonly Html[];

/** Builds HTML from a template. Strings are escaped, pieces of HTML are inserted as they are. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(String.raw({ raw: strings }, ...parts.map(asHtml)));
}

/** A text of the document, in which backticks mark code. */
export function prose(text: string): Html {
  return new Html(asHtml(text).replace(/`([^`]*)`/g, '<code>$1</code>'));
}

function asHtml(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(asHtml).join('');
  return String(part).replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');
}

/**
 * On a narrow screen a page's menu (`<nav id="menu">`) is closed, so that the page begins with its content. It is open while
 * it is the target of the address: this link opens it, and each link in it closes it.
 */
export const MENU_LINK = html`<p class="menu-link"><a href="#menu">Menu</a></p>`;
export const MENU_CLOSE_LINK = html`<p class="menu-link"><a href="#content">Close the menu</a></p>`;

export interface PageParts {
  readonly title: string;
  /** From the page to the folder of `docs`: empty, or `../`. Links are relative, for a proxy that serves the API under a path. */
  readonly base: string;
  /** Further elements of the head. */
  readonly head?: Html;
  readonly body: Html;
}

/** A page of the documentation. */
export function htmlPage({ title, base, head = new Html(''), body }: PageParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="${base}docs/icon.svg">
<link rel="stylesheet" href="${base}docs/page.css">
${head}</head>
<body>
${body}
</body>
</html>
`.text;
}
