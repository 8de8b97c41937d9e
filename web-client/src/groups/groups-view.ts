import { type ConnectionState, isConnected } from '../connection/connection-state.ts';
import { groupIdOf, groupNameOf, readGroupName } from '../page/group-id.ts';
import { buttonElement, partOf, textElement } from '../page/page-element.ts';
import type { GroupMembers } from './group-members.ts';

/** A change of members reaches this page within 3 s, even without Redis; a group that stays longer is not left. */
const LEFT_WITHIN_MS = 5_000;

export interface GroupsView {
  readonly showState: (state: ConnectionState) => void;
  /** The targets that the client follows. */
  readonly showTargets: (targetIds: readonly string[]) => void;
}

export interface GroupsViewParts {
  readonly root: HTMLElement;
  readonly clientId: string;
  readonly members: GroupMembers;
  /** The user wants to send to this group. */
  readonly onWrite: (targetId: string) => void;
}

/** The groups that one client is in, with ways to join, leave and write to them. */
export function createGroupsView({ root, clientId, members, onWrite }: GroupsViewParts): GroupsView {
  const list = partOf(root, 'group-list', HTMLUListElement);
  const count = partOf(root, 'group-count', HTMLElement);
  const empty = partOf(root, 'groups-empty', HTMLElement);
  const form = partOf(root, 'join-form', HTMLFormElement);
  const field = partOf(root, 'group-name', HTMLInputElement);
  const join = partOf(root, 'join', HTMLButtonElement);
  const problem = partOf(root, 'group-problem', HTMLElement);
  let names: readonly string[] = [];

  function showProblem(text: string): void {
    problem.textContent = text;
    problem.hidden = text === '';
  }

  async function submitJoin(): Promise<void> {
    const read = readGroupName(field.value);
    const isTyped = 'name' in read;
    field.setAttribute('aria-invalid', String(!isTyped));
    showProblem(isTyped ? '' : read.problem);
    if (!isTyped) field.focus();
    else if (names.includes(read.name)) showProblem(`This client is in ${read.name} already.`);
    else {
      const refusal = await whileBusy(join, members.join(read.name, clientId));
      showProblem(refusal ?? '');
      if (refusal === undefined) field.value = '';
    }
  }

  async function leave(name: string, button: HTMLButtonElement): Promise<void> {
    const refusal = await whileBusy(button, members.leave(name, clientId));
    showProblem(refusal ?? '');
    if (refusal !== undefined) return;
    setTimeout(() => {
      if (names.includes(name))
        showProblem(`This client is still in ${name}: its token or the relay's settings add it.`);
    }, LEFT_WITHIN_MS);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submitJoin();
  });
  field.addEventListener('input', () => {
    field.removeAttribute('aria-invalid');
    showProblem('');
  });

  return {
    showState: (state) => {
      empty.textContent = isConnected(state)
        ? 'In no group yet.'
        : 'Connect to see the groups of this client.';
    },
    showTargets: (targetIds) => {
      const next = targetIds.flatMap((id) => groupNameOf(id) ?? []).sort();
      const hadFocus = list.contains(document.activeElement);
      if (next.join() !== names.join())
        list.replaceChildren(...next.map((name) => groupElement(name, { onWrite, onLeave: leave })));
      // The keyboard focus must not disappear with a button.
      if (hadFocus && !list.contains(document.activeElement)) field.focus();
      names = next;
      count.textContent = names.length > 0 ? String(names.length) : '';
      empty.hidden = names.length > 0;
    },
  };
}

interface GroupListener {
  readonly onWrite: (targetId: string) => void;
  readonly onLeave: (name: string, button: HTMLButtonElement) => Promise<void>;
}

function groupElement(name: string, { onWrite, onLeave }: GroupListener): HTMLLIElement {
  const item = textElement('li', 'group');
  const write = buttonElement('group-write', name, () => {
    onWrite(groupIdOf(name));
  });
  write.title = `Send a message to ${name}`;
  const leave = buttonElement('group-leave', '×', () => void onLeave(name, leave));
  leave.ariaLabel = `Leave ${name}`;
  leave.title = `Leave ${name}`;
  item.append(write, leave);
  return item;
}

/** Marks the button as busy, and keeps it focusable so that the keyboard focus stays on it. */
async function whileBusy<Answer>(button: HTMLButtonElement, answer: Promise<Answer>): Promise<Answer> {
  button.setAttribute('aria-disabled', 'true');
  const given = await answer;
  button.removeAttribute('aria-disabled');
  return given;
}
