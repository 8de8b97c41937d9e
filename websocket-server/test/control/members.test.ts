import type {
  FollowedGroup,
  MemberChange,
  MemberChangesReading,
  MemberCursor,
  MembershipsReading,
} from '@postline/message-store';
import { waitUntil } from '@postline/test-support';
import { beforeEach, describe, expect, it } from 'vitest';
import { ClientDirectory } from '../../src/connection/client-directory.ts';
import { Members } from '../../src/control/members.ts';
import { connectionOn, RecordingHost } from '../support/model-host.ts';

/** Members in memory, each change at the next position. */
class ModelMembers {
  position = 0;
  epoch = 'one';
  readonly reads: (readonly string[])[] = [];
  readonly #rows = new Map<string, MemberChange>();
  /** The next read of changes is answered so. */
  restart: 'forgotten' | 'history-changed' | undefined;

  change(groupName: string, clientId: string, state: 'member' | 'left'): void {
    this.position += 1;
    const place = { groupName, clientId, position: this.position };
    this.#rows.delete(`${groupName} ${clientId}`);
    this.#rows.set(
      `${groupName} ${clientId}`,
      state === 'member' ? { ...place, state, from: 0 } : { ...place, state },
    );
  }

  readMemberships = (clientIds: readonly string[]): Promise<MembershipsReading> => {
    this.reads.push(clientIds);
    const groups = new Map<string, FollowedGroup[]>(clientIds.map((clientId) => [clientId, []]));
    for (const row of this.#rows.values()) if (row.state === 'member') groups.get(row.clientId)?.push(row);
    return Promise.resolve({ cursor: this.#cursor(), groups });
  };

  readMemberChanges = (cursor: MemberCursor): Promise<MemberChangesReading> => {
    const { restart } = this;
    this.restart = undefined;
    if (restart !== undefined) return Promise.resolve({ kind: 'restart', reason: restart });
    const changes = [...this.#rows.values()].filter(({ position }) => position > cursor.position);
    return Promise.resolve({ kind: 'changes', changes, cursor: this.#cursor(), hasMore: false });
  };

  #cursor(): MemberCursor {
    return { epoch: this.epoch, position: this.position, mark: undefined };
  }
}

describe('Members', () => {
  let store: ModelMembers;
  let clients: ClientDirectory;
  let members: Members;

  beforeEach(() => {
    store = new ModelMembers();
    clients = new ClientDirectory({ connectionsPerClientMax: 10 });
    members = new Members({ store, clients });
  });

  /** A connection that records what is reported to it. */
  function connect(clientId: string) {
    const host = new RecordingHost();
    const { connection } = connectionOn(host);
    const reported: string[] = [];
    host.groups.onMemberChange = ({ groupName, state }) => {
      reported.push(`${groupName} ${state}`);
    };
    host.groups.onMemberships = ({ groups }) => {
      reported.push(`now ${groups.map(({ groupName }) => groupName).join()}`);
    };
    connection.groups = host.groups;
    clients.add(clientId, connection);
    return reported;
  }

  const settled = () => new Promise((resolve) => setTimeout(resolve, 10));

  it('[FOL-10] clients that come together are read in few statements', async () => {
    store.change('news', 'c7', 'member');
    const read = await Promise.all(Array.from({ length: 100 }, (_, index) => members.read(`c${index}`)));
    expect(store.reads.map((clientIds) => clientIds.length)).toEqual([64, 36]);
    expect(read[7]).toEqual({
      epoch: 'one',
      position: 1,
      groups: [expect.objectContaining({ groupName: 'news', position: 1 })],
    });
    expect(read[8]?.groups).toEqual([]);
  });

  it('[FOL-3] changes are reported to the connections of their client, and to no others', async () => {
    const [ann, alsoAnn, bob] = [connect('ann'), connect('ann'), connect('bob')];
    await members.read('ann');
    store.change('news', 'ann', 'member');
    store.change('room', 'bob', 'member');
    store.change('news', 'ann', 'left');
    members.look();
    await waitUntil('bob hears of it', () => bob.length === 1);
    expect([ann, alsoAnn, bob]).toEqual([['news left'], ['news left'], ['room member']]);
  });

  it('[FOL-3] nothing is read before a client follows groups', async () => {
    connect('ann');
    store.change('news', 'ann', 'member');
    members.look();
    await settled();
    expect(store.reads).toEqual([]);
  });

  it('[FOL-3] a client that is read as of an earlier position gets what others have seen, in order', async () => {
    await members.read('bob');
    let answer: (reading: MembershipsReading) => void = () => undefined;
    const earlier = await store.readMemberships(['ann']);
    const { readMemberships } = store;
    store.readMemberships = () => new Promise((resolve) => (answer = resolve));
    const reading = members.read('ann');
    await settled();
    store.readMemberships = readMemberships;
    store.change('news', 'ann', 'member');
    members.look();
    await settled();
    const ann = connect('ann');
    store.change('room', 'ann', 'member');
    answer(earlier);
    expect((await reading).position).toBe(0);
    await waitUntil('both are reported', () => ann.length >= 2);
    expect(ann.slice(0, 2)).toEqual(['news member', 'room member']);
  });

  it.each(['forgotten', 'history-changed'] as const)(
    '[GRP-6] where changes were lost (%s) the memberships of all clients with groups are read anew',
    async (reason) => {
      const [ann, bob] = [connect('ann'), connect('bob')];
      const plain = connectionOn(new RecordingHost());
      clients.add('plain', plain.connection);
      await members.read('ann');
      store.change('news', 'ann', 'member');
      store.epoch = 'two';
      store.restart = reason;
      members.look();
      await waitUntil('both are read', () => bob.length === 1);
      expect([ann, bob]).toEqual([['now news'], ['now ']]);
      expect(store.reads.slice(1)).toEqual([[], ['ann', 'bob']]);
      store.change('room', 'bob', 'member');
      members.look();
      await waitUntil('it goes on from there', () => bob.length === 2);
      expect(ann).toEqual(['now news']);
    },
  );
});
