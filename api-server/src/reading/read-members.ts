import type {
  Member,
  Membership,
  MembershipsQuery,
  MembersQuery,
  MemberStore,
} from '@postline/message-store';
import {
  createBoundedReads,
  NoRoomError,
  type ReadBounds,
  type Reader,
  type ReadOutcome,
} from './bounded-reads.ts';

/** A row with an id of 128 characters and two more fields, and the same again as JSON. */
const ROW_BYTES = 512;

export interface MemberReadersOptions extends ReadBounds {
  readonly store: Pick<MemberStore, 'readMembers' | 'readGroupsOfClient'>;
}

/** Pages of members. Reads are bounded in number and time. */
export interface MemberReaders {
  readMembers(query: MembersQuery, reader: Reader): Promise<ReadOutcome<Page<Member>>>;
  readGroupsOfClient(query: MembershipsQuery, reader: Reader): Promise<ReadOutcome<Page<Membership>>>;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** True if rows follow after the last one. */
  readonly hasMore: boolean;
}

export function createMemberReaders({ store, ...bounds }: MemberReadersOptions): MemberReaders {
  const bounded = createBoundedReads({ what: 'reading members', ...bounds });
  /** Reads one row more than the page has. */
  const readPage = <Row>(
    limit: number,
    reader: Reader,
    read: (limit: number) => Promise<readonly Row[]>,
  ): Promise<ReadOutcome<Page<Row>>> =>
    bounded({
      readerId: reader.id,
      read: async () => {
        if (!reader.grow((limit + 1) * ROW_BYTES)) throw new NoRoomError();
        const rows = await read(limit + 1);
        return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
      },
    });
  return {
    readMembers: (query, reader) =>
      readPage(query.limit, reader, (limit) => store.readMembers({ ...query, limit })),
    readGroupsOfClient: (query, reader) =>
      readPage(query.limit, reader, (limit) => store.readGroupsOfClient({ ...query, limit })),
  };
}
