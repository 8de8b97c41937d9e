const SAID_FOR_MS = 2_000;

export interface CopyBlock {
  show(text: string): void;
}

/** A line of code with a button that copies it. `root` contains one `code` and one `button`. */
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

/** Only secure pages have a clipboard. On others the line is selected, so that the user can copy it. */
async function copy(code: HTMLElement): Promise<string> {
  getSelection()?.selectAllChildren(code);
  // Despite its type, `clipboard` is undefined on an http page of another machine, so this rejects.
  await navigator.clipboard.writeText(code.textContent);
  return 'Copied';
}
