import type { Findings } from './findings.ts';
import type { MemberLedger, MembershipView } from './member-ledger.ts';
import {
  type Cursor,
  type DeliveredMessage,
  type IdentifiedAs,
  type LogHistory,
  ReaderLedger,
} from './reader-ledger.ts';
import { parseBody } from './message-body.ts';

export interface MemberStreamOptions {
  readonly name: string;
  readonly member: MemberLedger;
  readonly findings: Findings;
  readonly history: LogHistory;
  /** Milliseconds after which every relay knows that a member left, whatever is broken. */
  readonly leftBoundMs: number;
}

/** What a connection requested for one group when it identified. */
export interface GroupAsked {
  readonly cursor: Cursor | undefined;
  /** Whether it resumed, with or without a cursor for this group. */
  readonly isResuming: boolean;
  readonly membership: MembershipView;
  readonly ackedBefore: number;
}

/** Compares what one reader receives of one group with what its membership promises. */
export class MemberStream {
  readonly member: MemberLedger;
  readonly #options: MemberStreamOptions;
  /** The stream that is or was followed last. */
  #stream: ReaderLedger | undefined;
  #isFollowed = false;
  /** The end of the hole that the next frame must report, because the cursor is from before this join. */
  #holeTo: number | undefined;
  #streamCount = 0;
  receivedCount = 0;

  constructor(options: MemberStreamOptions) {
    this.member = options.member;
    this.#options = options;
  }

  get isFollowed(): boolean {
    return this.#isFollowed;
  }

  get cursor(): Cursor | undefined {
    return this.#stream?.cursor;
  }

  /** Everything up to this offset has arrived; -1 while the group is not followed. */
  get position(): number {
    return this.#isFollowed ? (this.#stream?.position ?? -1) : -1;
  }

  /** Call this before the connection identifies. */
  asking(isResuming: boolean): GroupAsked {
    const { view, group } = this.member;
    this.#isFollowed = false;
    return { cursor: this.cursor, isResuming, membership: view, ackedBefore: group.highestAcked };
  }

  /**
   * Handles the group's entry in `identified.targets`; undefined if there is none. The relay read the membership in
   * between.
   */
  identified(as: IdentifiedAs | undefined, asked: GroupAsked): void {
    const { spell, changes } = asked.membership;
    const certain = changes === this.member.view.changes ? spell : undefined; // otherwise it changed in between
    this.#isFollowed = as !== undefined;
    this.#holeTo = undefined;
    if (certain === 'none' && as !== undefined) this.#find('leaked', 'followed at identify, and had left');
    if (typeof certain === 'object' && as === undefined) {
      this.#find('lost', 'not followed at identify, and is a member');
    }
    if (as === undefined) return;
    const from = typeof certain === 'object' ? certain.from : undefined;
    if (asked.cursor !== undefined) this.#resumed(as, asked.cursor, from);
    else if (asked.isResuming) this.#joinedWhileAway(as, from);
    else {
      if (as.offset < asked.ackedBefore) this.#find('stale head', `${as.offset} of ${asked.ackedBefore}`);
      this.#begin(as);
    }
  }

  /** Handles a `followed` frame: the client became a member while it was connected. */
  followed(as: IdentifiedAs, cause: string): void {
    if (cause !== 'joined') this.#find('corrupted', `followed by ${cause}`);
    if (this.#isFollowed) this.#find('corrupted', 'followed while it is followed');
    this.member.beginsAfter(as.offset, this.#options.name);
    this.#isFollowed = true;
    this.#holeTo = undefined;
    this.#begin(as);
  }

  unfollowed(cause: string): void {
    if (cause !== 'left') this.#find('corrupted', `unfollowed by ${cause}`);
    if (!this.#isFollowed) this.#find('corrupted', 'unfollowed while it is not followed');
    this.#isFollowed = false;
  }

  message(frame: DeliveredMessage): void {
    this.receivedCount += 1;
    if (!this.#isFollowed || this.#stream === undefined)
      return this.#find('leaked', `offset ${frame.offset}, not followed`);
    const number = parseBody(frame.data)?.number;
    if (number !== undefined) this.member.judgeLateFrame(number, this.#options.leftBoundMs);
    if (this.#holeTo !== undefined && frame.offset <= this.#holeTo) {
      this.#find('leaked', `offset ${frame.offset} from before the join at ${this.#holeTo}`);
    } else if (this.#holeTo !== undefined) {
      this.#find(
        'out of order',
        `offset ${frame.offset}, and the hole up to ${this.#holeTo} was not reported`,
      );
    }
    if (this.#holeTo !== undefined) this.#begin({ ...this.#now(), offset: frame.offset - 1 });
    this.#holeTo = undefined;
    this.#stream.message(frame);
  }

  truncated(from: number, to: number, reason: string | undefined): void {
    if (reason !== 'membership') return this.#stream?.truncated(from, to);
    const cursor = this.cursor?.offset ?? 0;
    if (from !== cursor + 1) this.#find('corrupted', `a hole from ${from} on at cursor ${cursor}`);
    if (this.#holeTo !== undefined && to !== this.#holeTo) {
      this.#find(to > this.#holeTo ? 'lost' : 'leaked', `a hole up to ${to} instead of ${this.#holeTo}`);
    }
    this.member.beginsAfter(to, this.#options.name);
    this.#holeTo = undefined;
    this.#begin({ ...this.#now(), offset: to });
  }

  /** Checks the final state. Call it when everything has had enough time to arrive. */
  judge(): void {
    const { spell } = this.member.view;
    if (spell === undefined) return;
    if (spell === 'none') {
      if (this.#isFollowed) this.#find('leaked', 'still followed, and had left');
    } else if (!this.#isFollowed) this.#find('lost', 'not followed, and is a member');
    else this.#stream?.judgeLost();
  }

  #resumed(as: IdentifiedAs, cursor: Cursor, from: number | undefined): void {
    this.#stream?.identified(as, cursor, 0);
    if (from !== undefined && as.recovered && as.offset < from) this.#holeTo = from;
  }

  #joinedWhileAway(as: IdentifiedAs, from: number | undefined): void {
    if (from !== undefined && as.offset !== from) {
      const text = `joined while away, begins after ${as.offset} instead of ${from}`;
      this.#find(as.offset > from ? 'lost' : 'leaked', text);
    }
    this.member.beginsAfter(as.offset, this.#options.name);
    this.#begin(as);
  }

  /** Begins a separate stream: messages missing from an earlier stream were not promised. */
  #begin(as: IdentifiedAs): void {
    const { name, member, findings, history } = this.#options;
    this.#streamCount += 1;
    this.#stream = new ReaderLedger({
      name: `${name} (${this.#streamCount})`,
      target: member.group,
      findings,
      history,
    });
    this.#stream.identified(as, undefined, 0);
  }

  #now(): IdentifiedAs {
    const { epoch = '', offset = 0 } = this.cursor ?? {};
    return { epoch, offset, head: offset, recovered: true };
  }

  #find(finding: Parameters<Findings['add']>[0], text: string): void {
    this.#options.findings.add(finding, `${this.#options.name}: ${text}`);
  }
}
