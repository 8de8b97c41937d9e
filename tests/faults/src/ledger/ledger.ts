import { DelayHistogram } from './delay-histogram.ts';
import { Findings } from './findings.ts';
import { MemberLedger } from './member-ledger.ts';
import { MemberStream } from './member-stream.ts';
import type { BodyShape } from './message-body.ts';
import { type LogHistory, ReaderLedger } from './reader-ledger.ts';
import { TargetLedger } from './target-ledger.ts';

/** Everything that was acknowledged or delivered in one run. */
export class Ledger {
  readonly findings = new Findings();
  /** Milliseconds from each acknowledgement to each delivery; 0 if the delivery came first. */
  readonly deliveries = new DelayHistogram();
  readonly history: LogHistory = { epoch: undefined, isBeingRestored: false, endsWithNextEpoch: false };
  readonly targets: readonly TargetLedger[];
  readonly readers: ReaderLedger[] = [];
  readonly members: MemberLedger[] = [];
  readonly memberStreams: MemberStream[] = [];

  constructor(targetIds: readonly string[], shape: BodyShape = 'varied') {
    const { findings, deliveries } = this;
    this.targets = targetIds.map((targetId) => new TargetLedger({ targetId, findings, shape, deliveries }));
  }

  addReader(name: string, target: TargetLedger): ReaderLedger {
    const reader = new ReaderLedger({ name, target, findings: this.findings, history: this.history });
    this.readers.push(reader);
    return reader;
  }

  /** Adds a client that may become a member of a group. It is no member yet. */
  addMember(clientId: string, group: TargetLedger): MemberLedger {
    const member = new MemberLedger(group, clientId, this.findings);
    this.members.push(member);
    return member;
  }

  addMemberStream(name: string, member: MemberLedger, leftBoundMs: number): MemberStream {
    const { findings, history } = this;
    const stream = new MemberStream({ name, member, findings, history, leftBoundMs });
    this.memberStreams.push(stream);
    return stream;
  }

  /** From now until `beginEpoch`, deliveries to readers are not checked. */
  beginRestore(): void {
    this.history.isBeingRestored = true;
  }

  /** An older state was restored, and these are the heads in the database. From now on acknowledgements count again. */
  restored(heads: ReadonlyMap<string, number>): void {
    for (const target of this.targets) target.restoredTo(heads.get(target.targetId) ?? 0);
    for (const reader of this.readers) reader.restoredTo(heads.get(reader.target.targetId) ?? 0);
  }

  /** The operator has begun a new epoch. From now on readers must get whatever the database holds. */
  beginEpoch(epoch: string): void {
    this.history.epoch = epoch;
    this.history.isBeingRestored = false;
  }

  /** Nobody else begins an epoch, so the first new epoch that a reader sees is the one that the services began. */
  expectEpoch(): void {
    this.history.endsWithNextEpoch = true;
  }

  get issuedCount(): number {
    return this.targets.reduce((sum, target) => sum + target.issuedCount, 0);
  }

  get ackedCount(): number {
    return this.targets.reduce((sum, target) => sum + target.ackedCount, 0);
  }

  get receivedCount(): number {
    const streams: readonly { readonly receivedCount: number }[] = [...this.readers, ...this.memberStreams];
    return streams.reduce((sum, { receivedCount }) => sum + receivedCount, 0);
  }
}
