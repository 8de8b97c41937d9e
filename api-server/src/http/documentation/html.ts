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
