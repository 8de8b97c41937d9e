const SAID_FOR_MS = 2_000;

export interface CopyBlock {
  show(text: string): void;
}

/** A line of code with a button that copies it. `root` holds one `code` and one `button`. */
export function createCopyBlock(root: HTMLElement): CopyBlock {
  const code = root.querySelector('code');
  const button = root.querySelector('button');
  if (code === null || button === null) throw new Error('a copy block needs a code and a button');
  const label = button.textContent;

  const say = (text: string) => {
    button.textContent = text;
    setTimeout(() => {
      button.textContent = label;
    }, SAID_FOR_MS);
  };
  button.addEventListener('click', () => {
    copy(code).then(say, () => {
      say('Select and copy');
    });
  });
  return {
    show: (text) => {
      code.textContent = text;
    },
  };
}

/** The clipboard exists on secure pages only: elsewhere the line is selected, and the person copies it. */
async function copy(code: HTMLElement): Promise<string> {
  getSelection()?.selectAllChildren(code);
  // The type says it is always there; a page by plain http from another machine has none, and this rejects.
  await navigator.clipboard.writeText(code.textContent);
  return 'Copied';
}
