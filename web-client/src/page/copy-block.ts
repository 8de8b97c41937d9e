const SAID_FOR_MS = 2_000;

export interface CopyBlock {
  readonly show: (text: string) => void;
}

/** A line of code with a button that copies it. `root` contains one `code` and one `button`. */
export function createCopyBlock(root: HTMLElement): CopyBlock {
  const code = root.querySelector('code');
  const button = root.querySelector('button');
  if (code === null || button === null) throw new Error('a copy block needs a code and a button');
  button.addEventListener('click', () => {
    copyFrom(button, code, code.textContent);
  });
  return {
    show: (text) => {
      code.textContent = text;
    },
  };
}

/**
 * Copies the text, and says so on the button. Only secure pages have a clipboard; on others the element is selected, so
 * that the user can copy it.
 */
export function copyFrom(button: HTMLButtonElement, element: HTMLElement, text: string): void {
  const label = (button.dataset['label'] ??= button.textContent);
  const say = (words: string) => {
    button.textContent = words;
    setTimeout(() => {
      button.textContent = label;
    }, SAID_FOR_MS);
  };
  getSelection()?.selectAllChildren(element);
  copy(text).then(
    () => {
      say('Copied');
    },
    () => {
      say('Select and copy');
    },
  );
}

async function copy(text: string): Promise<void> {
  // Despite its type, `clipboard` is undefined on an http page of another machine, so this rejects.
  await navigator.clipboard.writeText(text);
}
