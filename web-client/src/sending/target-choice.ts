import { groupNameOf } from '../page/group-id.ts';
import { buttonElement, pageElement } from '../page/page-element.ts';

/** Two rows on a phone; the field takes every other target. */
const TARGETS_MAX = 8;

/** Buttons for the targets that this page follows, if there are several. */
export function createTargetChoice(onChoose: (targetId: string) => void) {
  const root = pageElement('targets', HTMLElement);
  let shown: readonly string[] = [];
  return (targetIds: readonly string[]) => {
    const next = [...new Set(targetIds)].slice(0, TARGETS_MAX);
    if (next.join() === shown.join()) return;
    shown = next;
    root.hidden = next.length < 2;
    root.replaceChildren(
      ...next.map((targetId) => {
        const button = buttonElement('target', groupNameOf(targetId) ?? targetId, () => {
          onChoose(targetId);
        });
        button.dataset['kind'] = groupNameOf(targetId) === undefined ? 'client' : 'group';
        button.title = `Send to ${targetId}`;
        return button;
      }),
    );
  };
}
