import { pageElement } from '../page/page-element.ts';

export interface JsonChoice {
  /** Whether the text is to be sent as JSON. */
  readonly isChosen: () => boolean;
  /** False, and a problem beside the field, if the text is to be sent as JSON and is none. */
  readonly check: () => boolean;
  /** The text is being edited. */
  readonly dismissProblem: () => void;
}

/** The choice between a text and JSON. */
export function createJsonChoice(text: HTMLTextAreaElement): JsonChoice {
  const box = pageElement('as-json', HTMLInputElement);
  const region = pageElement('json-problem', HTMLElement);

  function show(problem: string | undefined): void {
    region.textContent = problem ?? '';
    region.hidden = problem === undefined;
    text.setAttribute('aria-invalid', String(problem !== undefined));
  }

  return {
    isChosen: () => box.checked,
    check: () => {
      const problem = box.checked ? jsonProblem(text.value) : undefined;
      show(problem);
      if (problem !== undefined) text.focus();
      return problem === undefined;
    },
    dismissProblem: () => {
      show(undefined);
    },
  };
}

/** Why the text is not JSON, in words; undefined if it is. */
export function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return text.trim() === ''
      ? 'Type JSON first, for example {"hello": 1}.'
      : `This is not JSON: ${String(error)}`;
  }
}
