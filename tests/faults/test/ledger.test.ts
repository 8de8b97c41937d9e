import { describe, expect, it } from 'vitest';
import { Ledger } from '../src/ledger/ledger.ts';
import type { ReaderLedger } from '../src/ledger/reader-ledger.ts';
import type { TargetLedger } from '../src/ledger/target-ledger.ts';

const EPOCH = 'first';

function ledgerOfTwo() {
  const ledger = new Ledger(['a', 'b']);
  const [a, b] = ledger.targets as [TargetLedger, TargetLedger];
  const reader = ledger.addReader('reader of a', a);
  reader.identified({ epoch: EPOCH, offset: 0, head: 0, recovered: true }, undefined, 0);
  return { ledger, a, b, reader };
}

function acknowledge(target: TargetLedger, offset: number): number {
  const send = target.issue();
  target.acknowledged(send, offset);
  return send.number;
}

interface Given {
  readonly offset: number;
  readonly number: number;
  readonly of?: TargetLedger;
  readonly targetId?: string;
}

function give(reader: ReaderLedger, { offset, number, of = reader.target, targetId = 'a' }: Given): void {
  reader.message({ targetId, offset, epoch: EPOCH, data: of.bodyOf(number) });
}

describe('the ledger', () => {
  it('finds nothing where everything came once, in order', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    for (let offset = 1; offset <= 200; offset += 1) {
      give(reader, { offset, number: acknowledge(a, offset) });
    }
    reader.judgeLost();
    expect(ledger.findings.found()).toEqual([]);
    expect(reader.position).toBe(200);
  });

  it('finds what was acknowledged and never came, each one', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    for (let offset = 1; offset <= 5; offset += 1) acknowledge(a, offset);
    give(reader, { offset: 1, number: 1 });
    give(reader, { offset: 4, number: 4 });
    reader.judgeLost();
    expect(ledger.findings.counts()).toEqual({ 'out of order': 1, lost: 3 });
  });

  it('does not miss what errored and did not come', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    a.issue();
    reader.judgeLost();
    expect(ledger.findings.found()).toEqual([]);
  });

  it('finds the same offset twice, and a later one before an earlier one', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    for (let offset = 1; offset <= 3; offset += 1) acknowledge(a, offset);
    for (const offset of [1, 1, 3, 2]) give(reader, { offset, number: offset });
    expect(ledger.findings.counts()).toEqual({ repeated: 1, 'out of order': 2 });
  });

  it("finds another target's message, also inside a frame of one's own", () => {
    const { ledger, a, b, reader } = ledgerOfTwo();
    acknowledge(a, 1);
    give(reader, { offset: 1, number: 1, of: b });
    give(reader, { offset: 1, number: 1, of: b, targetId: 'b' });
    expect(ledger.findings.counts()).toEqual({ leaked: 2 });
  });

  it('finds one send at two offsets, and two sends at one', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    acknowledge(a, 1);
    give(reader, { offset: 1, number: 1 });
    give(reader, { offset: 2, number: 1 });
    const other = a.issue();
    a.acknowledged(other, 2);
    expect(ledger.findings.counts()).toEqual({ 'stored twice': 1, contradicted: 1 });
  });

  it('finds a message that was sent after an acknowledgement and stands before it', () => {
    const { ledger, a } = ledgerOfTwo();
    acknowledge(a, 7);
    acknowledge(a, 6);
    expect(ledger.findings.counts()).toEqual({ 'out of order': 1 });
  });

  it('finds a changed text', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    acknowledge(a, 1);
    reader.message({ targetId: 'a', offset: 1, epoch: EPOCH, data: a.bodyOf(1).slice(0, -1) });
    expect(ledger.findings.counts()).toEqual({ corrupted: 1 });
  });

  it('finds a resume that skips, one that starts over without reason, and a head that is too old', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    const sent = { epoch: EPOCH, offset: 2 };
    for (let offset = 1; offset <= 5; offset += 1) acknowledge(a, offset);
    reader.identified({ epoch: EPOCH, offset: 5, head: 5, recovered: true }, sent, 5);
    reader.identified({ epoch: EPOCH, offset: 0, head: 5, recovered: false }, sent, 5);
    reader.identified({ epoch: EPOCH, offset: 2, head: 4, recovered: true }, sent, 5);
    expect(ledger.findings.counts()).toEqual({ corrupted: 1, restarted: 1, 'stale head': 1 });
  });

  it('after a restore: expects what the database then holds, and finds what is dropped as already seen', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    const naive = ledger.addReader('naive', a);
    naive.identified({ epoch: EPOCH, offset: 0, head: 0, recovered: true }, undefined, 0);
    for (let offset = 1; offset <= 6; offset += 1) {
      const number = acknowledge(a, offset);
      give(reader, { offset, number });
      give(naive, { offset, number });
    }
    ledger.beginRestore();
    ledger.restored(new Map([['a', 3]]));
    ledger.beginEpoch('second');
    expect(a.ackedCount).toBe(3);
    const late = acknowledge(a, 4);
    const sent = { epoch: EPOCH, offset: 6 };

    reader.identified({ epoch: 'second', offset: 3, head: 4, recovered: false }, sent, 4);
    reader.message({ targetId: 'a', offset: 4, epoch: 'second', data: a.bodyOf(late) });
    reader.judgeLost();
    expect(ledger.findings.found()).toEqual([]);

    naive.identified({ epoch: 'second', offset: 6, head: 4, recovered: true }, sent, 4);
    naive.judgeLost();
    expect(ledger.findings.count('lost')).toBe(1);
  });

  it('after a restore: counts what was given again while the dump was being loaded, as far as it is in the dump', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    for (let offset = 1; offset <= 6; offset += 1) give(reader, { offset, number: acknowledge(a, offset) });
    ledger.beginRestore();
    const sent = { epoch: EPOCH, offset: 6 };
    reader.identified({ epoch: EPOCH, offset: 0, head: 4, recovered: false }, sent, 6);
    for (const offset of [1, 2, 3, 4]) give(reader, { offset, number: offset });
    ledger.restored(new Map([['a', 3]]));
    ledger.beginEpoch('second');
    const late = acknowledge(a, 4);
    reader.identified(
      { epoch: 'second', offset: 3, head: 4, recovered: false },
      { epoch: EPOCH, offset: 4 },
      4,
    );
    reader.judgeLost();
    expect(ledger.findings.count('lost')).toBe(1);
    reader.message({ targetId: 'a', offset: 4, epoch: 'second', data: a.bodyOf(late) });
    reader.judgeLost();
    expect(ledger.findings.count('lost')).toBe(1);
  });

  it('after a restore: counts what was given again under an epoch that the next one replaced', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    for (let offset = 1; offset <= 6; offset += 1) give(reader, { offset, number: acknowledge(a, offset) });
    ledger.beginRestore();
    ledger.restored(new Map([['a', 3]]));
    const sent = { epoch: EPOCH, offset: 6 };
    reader.identified({ epoch: 'by itself', offset: 0, head: 3, recovered: false }, sent, 3);
    for (const offset of [1, 2, 3])
      reader.message({ targetId: 'a', offset, epoch: 'by itself', data: a.bodyOf(offset) });
    ledger.beginEpoch('by command');
    const then = { epoch: 'by itself', offset: 3 };
    reader.identified({ epoch: 'by command', offset: 3, head: 3, recovered: false }, then, 3);
    reader.judgeLost();
    expect(ledger.findings.found()).toEqual([]);
  });

  it('after a lost tail: the first epoch that a reader is told of counts, and nothing before it', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    const naive = ledger.addReader('naive', a);
    naive.identified({ epoch: EPOCH, offset: 0, head: 0, recovered: true }, undefined, 0);
    for (let offset = 1; offset <= 4; offset += 1) {
      const number = acknowledge(a, offset);
      give(reader, { offset, number });
      give(naive, { offset, number });
    }
    ledger.beginRestore();
    ledger.restored(new Map([['a', 2]]));
    ledger.expectEpoch();
    const numbers = [1, 2, ...[3, 4, 5].map((offset) => acknowledge(a, offset))];
    for (const one of [reader, naive]) give(one, { offset: 5, number: numbers[4]! });
    expect([a.takenBackCount, a.ackedCount]).toEqual([2, 5]);

    const sent = { epoch: EPOCH, offset: 5 };
    reader.identified({ epoch: 'second', offset: 0, head: 5, recovered: false }, sent, 5);
    numbers.forEach((number, index) => {
      reader.message({ targetId: 'a', offset: index + 1, epoch: 'second', data: a.bodyOf(number) });
    });
    reader.judgeLost();
    expect(ledger.findings.found()).toEqual([]);
    naive.judgeLost();
    expect(ledger.findings.count('lost')).toBe(3);
  });
});

/** A transaction of an application's with so many messages. */
function commit(target: TargetLedger, count: number): readonly number[] {
  const sends = Array.from({ length: count }, () => target.issueUncommitted());
  for (const send of sends) target.committing(send);
  target.committed(sends);
  return sends.map(({ number }) => number);
}

describe('the ledger, of what was published by SQL', () => {
  it('finds nothing where it came in order, and before what was sent after the commit', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    for (const [index, number] of commit(a, 3).entries()) give(reader, { offset: index + 1, number });
    give(reader, { offset: 4, number: acknowledge(a, 4) });
    a.judgeCommits();
    reader.judgeLost();
    expect(ledger.findings.found()).toEqual([]);
    expect(a.ackedCount).toBe(4);
  });

  it('finds what was committed and is in no log, and what a reader was not given of it', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    const [first = 0] = commit(a, 2);
    a.place(first, 1, 'the database');
    a.judgeCommits();
    reader.judgeLost();
    expect(ledger.findings.counts()).toEqual({ lost: 2 });
  });

  it('finds what was seen before its commit, or without one', () => {
    const { ledger, a, reader } = ledgerOfTwo();
    give(reader, { offset: 1, number: a.issueUncommitted().number });
    a.judgeCommits();
    expect(ledger.findings.counts()).toEqual({ uncommitted: 1 });
  });

  it('finds the messages of one transaction in another order, and what was sent after it before it', () => {
    const { ledger, a } = ledgerOfTwo();
    const [first = 0, second = 0] = commit(a, 2);
    acknowledge(a, 1);
    a.place(second, 2, 'the database');
    a.place(first, 3, 'the database');
    a.judgeCommits();
    expect(ledger.findings.counts()).toEqual({ 'out of order': 2 });
  });

  it('does not miss what a COMMIT without an answer did not store', () => {
    const { ledger, a } = ledgerOfTwo();
    a.committing(a.issueUncommitted());
    a.judgeCommits();
    expect(ledger.findings.found()).toEqual([]);
  });
});

describe('the ledger, of a reader that resumes from its last ack', () => {
  const told = (offset: number) => ({ epoch: EPOCH, offset, head: 5, recovered: true });

  function readerOfFive() {
    const { ledger, a, reader } = ledgerOfTwo();
    for (let offset = 1; offset <= 5; offset += 1) {
      give(reader, { offset, number: acknowledge(a, offset) });
      if (offset === 3) reader.ack();
    }
    return { ledger, reader };
  }

  it('expects again what came after it, and takes an older ack of the same connection', () => {
    const { ledger, reader } = readerOfFive();
    for (const start of [2, 3]) {
      reader.identified(told(start), 'last-ack', 5);
      for (let offset = start + 1; offset <= 4; offset += 1) give(reader, { offset, number: offset });
    }
    expect(ledger.findings.found()).toEqual([]);
    reader.judgeLost();
    expect(ledger.findings.counts()).toEqual({ lost: 1 });
  });

  it('finds a start beyond what was acked, one that goes back, and one that is no last ack', () => {
    const { ledger, reader } = readerOfFive();
    reader.identified(told(4), 'last-ack', 5);
    reader.identified(told(3), 'last-ack', 5);
    reader.identified({ ...told(4), recovered: false }, 'last-ack', 5);
    expect(ledger.findings.counts()).toEqual({ corrupted: 2, restarted: 1 });
  });
});
