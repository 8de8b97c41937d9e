import { addExamples, createCommand } from '@postline/operator-commands';
import {
  MEMBERS_PAGE_MAX,
  type MembersChanged,
  membersChangedSchema,
  membersPageSchema,
} from '@postline/protocol';
import { partsOf } from '@postline/service-runtime';
import type { Command } from 'commander';
import { ApiClient } from '../api/api-client.ts';
import { addApiOptions, apiConnection, type ApiOptions } from '../connection-options.ts';
import { type Column, Output } from '../output/output.ts';

/** The API's limit for one request. */
const CLIENTS_PER_REQUEST_MAX = 1_000;

type Change = MembersChanged & { readonly group: string };

const CHANGE_COLUMNS: readonly Column<Change>[] = [
  { title: 'GROUP', text: ({ group }) => group, style: 'cyan' },
  { title: 'ADDED', text: ({ added }) => String(added) },
  { title: 'REMOVED', text: ({ removed }) => String(removed) },
];

interface Member {
  readonly group: string;
  readonly clientId: string;
  readonly from: number;
  readonly since: string;
}

const MEMBER_COLUMNS: readonly Column<Member>[] = [
  { title: 'CLIENT', text: ({ clientId }) => clientId, style: 'cyan' },
  { title: 'FROM OFFSET', text: ({ from }) => String(from) },
  { title: 'SINCE', text: ({ since }) => since, style: 'dim' },
];

/** `group add|remove|list <name>`: changes or prints the stored members of a group. */
export function createGroupCommand(): Command {
  const command = createCommand('group')
    .description('Changes or lists the stored members of a group.')
    .addCommand(createChangeCommand('add', 'Makes clients members of a group.'))
    .addCommand(createChangeCommand('remove', 'Ends the membership of clients.'))
    .addCommand(createListCommand());
  addExamples(command, 'postline group add news anna ben', 'postline group list news');
  return command;
}

function createChangeCommand(change: 'add' | 'remove', description: string): Command {
  const command = createCommand(change)
    .description(`${description} More than ${CLIENTS_PER_REQUEST_MAX} are sent in parts.`)
    .argument('<name>', 'the group, without group:')
    .argument('<clientId...>', 'the clients');
  return addApiOptions(command).action(
    async (group: string, clientIds: readonly string[], options: ApiOptions) => {
      const api = new ApiClient(apiConnection(options, process.env));
      const output = new Output(options);
      const path = `${membersPath(group)}/batch`;
      let doneCount = 0;
      const state = () => ({ what: `${doneCount} clients`, share: doneCount / clientIds.length });
      await output.progress.during(state, async () => {
        for (const part of partsOf(clientIds, CLIENTS_PER_REQUEST_MAX)) {
          const body = { [change]: part };
          const changed = await api.request({ method: 'POST', path, body }, membersChangedSchema);
          doneCount += part.length;
          await output.print([{ group, ...changed }], CHANGE_COLUMNS);
        }
      });
    },
  );
}

function createListCommand(): Command {
  const command = createCommand('list')
    .description('Prints the stored members of a group, by id.')
    .argument('<name>', 'the group, without group:');
  return addApiOptions(command).action(async (group: string, options: ApiOptions) => {
    const api = new ApiClient(apiConnection(options, process.env));
    const output = new Output(options);
    let printedCount = 0;
    await output.progress.during(
      () => ({ what: `${printedCount} members` }),
      async () => {
        for (let after: string | null | undefined; after !== null; ) {
          const query = { after, limit: MEMBERS_PAGE_MAX };
          const page = await api.request({ path: membersPath(group), query }, membersPageSchema);
          printedCount += page.members.length;
          await output.print(
            page.members.map((member) => ({ group, ...member })),
            MEMBER_COLUMNS,
          );
          after = page.next;
        }
      },
    );
  });
}

function membersPath(group: string): string {
  return `/groups/${encodeURIComponent(group)}/members`;
}
