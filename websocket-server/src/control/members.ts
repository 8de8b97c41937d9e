import {
  CLIENTS_PER_MEMBERSHIPS_READ_MAX,
  type MemberChange,
  type MemberCursor,
  type MembershipsReading,
  type MemberStore,
} from '@postline/message-store';
import { BatchedReader, partsOf } from '@postline/service-runtime';
import type { ClientDirectory } from '../connection/client-directory.ts';
import type { Memberships } from '../connection/connection-groups.ts';
import { ControlLog } from './control-log.ts';

export interface MembersOptions {
  readonly store: Pick<MemberStore, 'readMemberships' | 'readMemberChanges'>;
  readonly clients: Pick<ClientDirectory, 'connectionsOf' | 'clientIds'>;
}

/** Reads which groups clients are members of, and reports changes to the connections that they concern. */
export class Members {
  readonly channel = 'members';
  readonly #store: MembersOptions['store'];
  readonly #clients: MembersOptions['clients'];
  readonly #log: ControlLog<MemberCursor, readonly MemberChange[]>;
  readonly #reader: BatchedReader<Memberships>;

  constructor({ store, clients }: MembersOptions) {
    this.#store = store;
    this.#clients = clients;
    this.#log = new ControlLog({
      readAfter: async (cursor) => {
        const reading = await store.readMemberChanges(cursor);
        if (reading.kind === 'changes') return reading;
        return { changes: [], cursor: await this.#readAnew(), hasMore: false };
      },
      onChanges: (changes) => {
        for (const change of changes) this.#report(change);
      },
      isBefore: (one, other) => one.epoch === other.epoch && one.position < other.position,
    });
    this.#reader = new BatchedReader({
      keysMax: CLIENTS_PER_MEMBERSHIPS_READ_MAX,
      readBatch: async (clientIds) => {
        const reading = await store.readMemberships(clientIds);
        this.#log.startFrom(reading.cursor);
        return (clientId) => membershipsOf(clientId, reading);
      },
    });
  }

  /** Read after the call. Later changes are reported to the client's connections. Rejects if the database is away. */
  read(clientId: string): Promise<Memberships> {
    return this.#reader.read(clientId);
  }

  look(): void {
    this.#log.look();
  }

  #report(change: MemberChange): void {
    for (const { groups } of this.#clients.connectionsOf(change.clientId)) groups?.onMemberChange(change);
  }

  /** The changes after the cursor are not known any more: reads all clients that follow groups, and where to continue. */
  async #readAnew(): Promise<MemberCursor> {
    const { cursor } = await this.#store.readMemberships([]);
    const clientIds = [...this.#clients.clientIds()].filter((clientId) => this.#followsGroups(clientId));
    for (const part of partsOf(clientIds, CLIENTS_PER_MEMBERSHIPS_READ_MAX)) {
      const reading = await this.#store.readMemberships(part);
      for (const clientId of part) {
        const memberships = membershipsOf(clientId, reading);
        for (const { groups } of this.#clients.connectionsOf(clientId)) groups?.onMemberships(memberships);
      }
    }
    return cursor;
  }

  #followsGroups(clientId: string): boolean {
    for (const { groups } of this.#clients.connectionsOf(clientId)) if (groups !== undefined) return true;
    return false;
  }
}

function membershipsOf(clientId: string, { cursor, groups }: MembershipsReading): Memberships {
  const { epoch, position } = cursor;
  return { epoch, position, groups: groups.get(clientId) ?? [] };
}
