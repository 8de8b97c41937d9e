import { buttonElement, textElement } from '../page/page-element.ts';

/** Entries of one object or array that are shown at once: a message may have 30,000. */
const ENTRIES_FIRST = 20;
const ENTRIES_MORE = 100;
/** A small object inside the outermost one is open. */
const ENTRIES_OPEN_MAX = 6;
const PREVIEW_ENTRIES = 4;
const PREVIEW_CHARACTERS = 24;
/** JavaScript would round longer numbers, and the tree must not show another number than the message has. */
const LONG_NUMBER = /\d[\d.]{15}/;

export type JsonContainer = Readonly<Record<string, unknown>> | readonly unknown[];

/** The object or array that the text is, if a tree can show it unchanged. */
export function readJson(text: string): JsonContainer | undefined {
  if (!/^\s*[{[]/.test(text) || LONG_NUMBER.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isContainer(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A tree whose branches fold. Branches are built when they are opened, so depth and size cost nothing before. */
export function jsonTree(value: JsonContainer): HTMLElement {
  const tree = textElement('div', 'json');
  tree.append(branchElement(undefined, value, 0));
  return tree;
}

function branchElement(key: string | undefined, value: JsonContainer, depth: number): HTMLElement {
  const branch = textElement('details', 'json-branch');
  const summary = textElement('summary', 'json-line');
  const [opening, closing] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  const preview = textElement('span', 'json-preview', ` ${previewWords(value)} ${closing}`);
  summary.append(...keyElements(key), opening, preview);
  branch.append(summary);
  let isBuilt = false;
  const build = () => {
    if (isBuilt || !branch.open) return;
    isBuilt = true;
    branch.append(entriesElement(value, depth), textElement('span', 'json-line json-end', closing));
  };
  const count = Object.keys(value).length;
  branch.open = depth === 0 || (depth === 1 && count <= ENTRIES_OPEN_MAX && count > 0);
  build();
  branch.addEventListener('toggle', build);
  return branch;
}

function entriesElement(value: JsonContainer, depth: number): HTMLElement {
  const list = textElement('ul', 'json-entries');
  const entries = Object.entries(value);
  let shown = 0;
  const more = buttonElement('json-more', '', () => {
    showNext(ENTRIES_MORE);
  });
  const showNext = (count: number) => {
    const next = entries.slice(shown, shown + count);
    shown += next.length;
    const items = next.map(([key, entry]) => {
      const item = textElement('li', '');
      item.append(entryElement(Array.isArray(value) ? undefined : key, entry, depth + 1));
      return item;
    });
    more.remove();
    list.append(...items);
    if (shown === entries.length) return;
    const left = entries.length - shown;
    more.textContent = `${Math.min(left, ENTRIES_MORE).toLocaleString()} more of ${left.toLocaleString()}`;
    const last = textElement('li', '');
    last.append(more);
    list.append(last);
  };
  showNext(ENTRIES_FIRST);
  return list;
}

function entryElement(key: string | undefined, value: unknown, depth: number): HTMLElement {
  if (isContainer(value)) return branchElement(key, value, depth);
  const line = textElement('span', 'json-line');
  const kind = typeof value === 'string' || typeof value === 'number' ? typeof value : 'literal';
  line.append(...keyElements(key), textElement('span', `json-${kind}`, JSON.stringify(value)));
  return line;
}

function keyElements(key: string | undefined): (HTMLElement | string)[] {
  return key === undefined ? [] : [textElement('span', 'json-key', JSON.stringify(key)), ': '];
}

/** The beginning of a folded branch. Looks at a few entries and at no branch inside, however deep it is. */
export function previewWords(value: JsonContainer): string {
  const keys = Object.keys(value);
  const words = keys.slice(0, PREVIEW_ENTRIES).map((key) => {
    const shown = previewOf((value as Readonly<Record<string, unknown>>)[key]);
    return Array.isArray(value) ? shown : `${JSON.stringify(key)}: ${shown}`;
  });
  if (keys.length > PREVIEW_ENTRIES) words.push('…');
  return words.join(', ');
}

function previewOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : '[…]';
  if (isContainer(value)) return Object.keys(value).length === 0 ? '{}' : '{…}';
  const text = JSON.stringify(value);
  return text.length > PREVIEW_CHARACTERS ? `${text.slice(0, PREVIEW_CHARACTERS)}…` : text;
}

function isContainer(value: unknown): value is JsonContainer {
  return typeof value === 'object' && value !== null;
}
