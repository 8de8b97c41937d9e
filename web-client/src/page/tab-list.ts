/** Arrow keys go around, as in the tabs of the system. */
const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

export interface TabListParts {
  /** Contains a `tablist`, and as many `tabpanel`s in the same order. */
  readonly root: HTMLElement;
  /** Unique on the page: the ids of tabs and panels begin with it. */
  readonly idPrefix: string;
  readonly onSelect: (index: number) => void;
}

/** Makes tabs of buttons: one panel is visible, and one tab is in the order of the Tab key. */
export function createTabList({ root, idPrefix, onSelect }: TabListParts): void {
  const tabs = Array.from(root.querySelectorAll<HTMLElement>('[role="tab"]'));
  const panels = Array.from(root.querySelectorAll<HTMLElement>('[role="tabpanel"]'));

  function select(selected: number): void {
    for (const [index, tab] of tabs.entries()) {
      tab.ariaSelected = String(index === selected);
      tab.tabIndex = index === selected ? 0 : -1;
    }
    for (const [index, panel] of panels.entries()) panel.hidden = index !== selected;
    onSelect(selected);
  }

  for (const [index, tab] of tabs.entries()) {
    const panel = panels[index];
    if (panel === undefined) throw new Error('a tab has no panel');
    tab.id = `${idPrefix}-tab-${index}`;
    panel.id = `${idPrefix}-panel-${index}`;
    tab.setAttribute('aria-controls', panel.id);
    panel.setAttribute('aria-labelledby', tab.id);
    tab.addEventListener('click', () => {
      select(index);
    });
    tab.addEventListener('keydown', ({ key }) => {
      const next = tabs.at((index + (STEPS[key] ?? 0)) % tabs.length);
      if (next === undefined || next === tab) return;
      next.focus();
      next.click();
    });
  }
  select(0);
}
