/** What can be focused inside an item. */
const FOCUSABLE = 'button, summary, pre';

const STEPS: Readonly<Record<string, 'previousElementSibling' | 'nextElementSibling'>> = {
  ArrowUp: 'previousElementSibling',
  ArrowDown: 'nextElementSibling',
};

export interface RovingFocus {
  /** Items were added: the newest one is in the order of the Tab key, unless the user is in another one. */
  noteAdded(items: readonly Element[]): void;
}

/**
 * Puts the buttons of one item of a list into the order of the Tab key, so that nobody tabs through a thousand of them.
 * The arrow keys lead from an item to the same button of its neighbour.
 */
export function createRovingFocus(list: HTMLElement): RovingFocus {
  let current: Element | undefined;

  function makeCurrent(item: Element | undefined): void {
    if (item === current) return;
    if (current !== undefined) setTabIndex(current, -1);
    current = item;
    if (item !== undefined) setTabIndex(item, 0);
  }

  list.addEventListener('focusin', ({ target }) => {
    makeCurrent(itemOf(target));
  });
  list.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    const { target } = event;
    if (step === undefined || !(target instanceof HTMLElement) || target.tagName === 'PRE') return;
    const others = `${target.tagName.toLowerCase()}[class="${target.className}"]`;
    for (let next = itemOf(target)?.[step]; next; next = next[step]) {
      const counterpart = next.querySelector<HTMLElement>(others);
      if (counterpart?.checkVisibility() !== true) continue;
      event.preventDefault();
      counterpart.focus();
      return;
    }
  });

  function itemOf(target: EventTarget | null): Element | undefined {
    const item = target instanceof Element ? target.closest('li.message') : null;
    return item !== null && list.contains(item) ? item : undefined;
  }

  return {
    noteAdded: (items) => {
      for (const item of items) setTabIndex(item, -1);
      if (list.contains(document.activeElement)) return;
      makeCurrent(items.findLast((item) => item.matches('.message')) ?? current);
    },
  };
}

function setTabIndex(item: Element, tabIndex: number): void {
  for (const element of item.querySelectorAll<HTMLElement>(FOCUSABLE)) element.tabIndex = tabIndex;
}
