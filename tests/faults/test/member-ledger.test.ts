import { describe, expect, it } from 'vitest';
import { Ledger } from '../src/ledger/ledger.ts';
import type { TargetLedger } from '../src/ledger/target-ledger.ts';

const EPOCH = 'first';
const LEFT_BOUND_MS = 1_000;
const GROUP = 'group:news';

/** Anna, who may become a member, and a group with five messages. */
function world() {
  const ledger = new Ledger([GROUP]);
  const [group] = ledger.targets as [TargetLedger];
  const member = ledger.addMember('anna', group);
  const stream = ledger.addMemberStream('anna', member, LEFT_BOUND_MS);
  const publish = (offset: number) => {
    const send = group.issue();
    group.acknowledged(send, offset);
    return send.number;
  };
  for (let offset = 1; offset <= 5; offset += 1) publish(offset);
  const join = (from = group.highestAcked) => {
    member.joining();
    member.joined(from);
  };
  const leave = () => {
    member.leaving();
    member.left();
  };
  const at = (offset: number) => ({ epoch: EPOCH, offset, head: group.highestAcked, recovered: true });
  const identify = (offset: number | undefined, isResuming = true) => {
    stream.identified(offset === undefined ? undefined : at(offset), stream.asking(isResuming));
  };
  const give = (...offsets: number[]) => {
    for (const offset of offsets) {
      const data = group.bodyOf(group.numberAt(offset));
      stream.message({ targetId: GROUP, offset, epoch: EPOCH, data });
    }
  };
  const judge = () => {
    member.judgeStarts();
    stream.judge();
    return ledger.findings.counts();
  };
  return { ledger, group, member, stream, publish, join, leave, at, identify, give, judge };
}

describe('the ledger of members finds nothing', () => {
  it('where a client joins while connected, leaves and joins again', () => {
    const { stream, publish, join, leave, at, identify, give, judge } = world();
    identify(undefined, false);
    join();
    stream.followed(at(5), 'joined');
    publish(6);
    give(6);
    leave();
    stream.unfollowed('left');
    publish(7);
    join();
    stream.followed(at(7), 'joined');
    publish(8);
    give(8);
    expect(judge()).toEqual({});
  });

  it('where it joined while away, was a member when it first came, or comes back with a cursor', () => {
    const { publish, join, identify, give, judge } = world();
    join();
    identify(5);
    publish(6);
    give(6);
    identify(6);
    publish(7);
    give(7);
    expect(judge()).toEqual({});
    const fresh = world();
    fresh.join();
    fresh.publish(6);
    fresh.identify(6, false); // without a resume: at the head
    expect(fresh.judge()).toEqual({});
  });

  it('where its cursor is from before it left: the hole up to the new join is reported', () => {
    const { stream, publish, join, leave, identify, give, judge } = world();
    join();
    identify(5);
    [6, 7].forEach(publish);
    give(6);
    leave();
    publish(8);
    join();
    identify(6);
    stream.truncated(7, 8, 'membership');
    publish(9);
    give(9);
    expect(judge()).toEqual({});
  });

  it('where a relay hears of a departure late, within the bound', () => {
    const { stream, publish, join, leave, identify, give, judge } = world();
    join();
    identify(5);
    leave();
    publish(6);
    give(6);
    stream.unfollowed('left');
    expect(judge()).toEqual({});
  });

  it('where nobody knows what became of a transaction, until the client has left', () => {
    const { stream, member, join, leave, at, identify, judge } = world();
    identify(undefined);
    member.joining();
    member.cutOff();
    stream.followed(at(3), 'joined');
    expect(judge()).toEqual({});
    leave();
    expect(judge()).toEqual({ leaked: 1 });
    stream.unfollowed('left');
    join();
    expect(judge()).toEqual({ leaked: 1, lost: 1 }); // it must be followed now
  });

  it('where a transaction was rolled back', () => {
    const { member, identify, judge } = world();
    member.joining();
    member.rolledBack();
    identify(undefined);
    expect(judge()).toEqual({});
  });
});

describe('the ledger of members finds', () => {
  it('a member that is not followed at identify, and a client that had left and is', () => {
    const { join, leave, identify, ledger } = world();
    join();
    identify(undefined);
    leave();
    identify(5);
    expect(ledger.findings.counts()).toEqual({ lost: 1, leaked: 1 });
  });

  it('nothing about either while the change is on its way', () => {
    const { member, stream, at, ledger } = world();
    const asked = stream.asking(true);
    member.joining();
    stream.identified(undefined, asked);
    member.joined(5);
    stream.identified(at(5), asked);
    expect(ledger.findings.counts()).toEqual({});
  });

  it('a joiner who was away and begins at the head, or before its join', () => {
    const { join, publish, identify, ledger } = world();
    join();
    publish(6);
    identify(6);
    expect(ledger.findings.count('lost')).toBe(1);
    const other = world();
    other.join();
    other.identify(3);
    expect(other.ledger.findings.count('leaked')).toBe(1);
  });

  it('a cursor that is honoured although its client had left since', () => {
    const { join, leave, publish, identify, give, ledger } = world();
    join();
    identify(5);
    leave();
    [6, 7].forEach(publish);
    join();
    identify(5);
    give(6);
    expect(ledger.findings.counts()).toEqual({ leaked: 1 });
  });

  it('a hole of a membership that is skipped in silence, or ends elsewhere', () => {
    const { join, leave, publish, stream, identify, give, ledger } = world();
    join();
    identify(5);
    leave();
    [6, 7].forEach(publish);
    join();
    publish(8);
    identify(5);
    give(8);
    expect(ledger.findings.counts()).toEqual({ 'out of order': 1 });
    identify(5);
    stream.truncated(6, 8, 'membership');
    expect(ledger.findings.count('lost')).toBe(1);
  });

  it('a frame after `unfollowed`, or of a group that was never followed', () => {
    const { join, leave, stream, identify, give, ledger } = world();
    give(1);
    join();
    identify(5);
    leave();
    stream.unfollowed('left');
    give(5);
    expect(ledger.findings.counts()).toEqual({ leaked: 2 });
  });

  it('a member who is taken for gone, and a departure that nobody heard of', () => {
    const { join, leave, stream, at, identify, judge } = world();
    join();
    identify(5);
    stream.unfollowed('left');
    expect(judge()).toEqual({ lost: 1 });
    leave();
    stream.followed(at(5), 'joined');
    expect(judge()).toEqual({ lost: 1, leaked: 1 });
  });

  it('a message of the membership that never came', () => {
    const { join, publish, identify, give, judge } = world();
    join();
    identify(5);
    [6, 7].forEach(publish);
    give(6);
    expect(judge()).toEqual({ lost: 1 });
  });

  it('a join that is placed before what its own transaction published before it, or after what it published after it', () => {
    const { group, member, publish, judge } = world();
    const before = publish(6);
    const spell = member.joining([before]);
    const after = publish(7);
    spell.publishedAfter.push(after);
    member.joined(5);
    expect(judge()).toEqual({ leaked: 1, lost: 1 }); // and it is followed nowhere
    const other = world();
    other.member.joining().publishedAfter.push(other.publish(6));
    other.member.joined(6);
    other.member.judgeStarts();
    expect(other.ledger.findings.counts()).toEqual({ lost: 1 });
    expect(group.highestAcked).toBe(7);
  });

  it('a place that no join was answered with, and a group that is followed twice', () => {
    const { join, stream, at, identify, ledger } = world();
    join();
    identify(undefined, false);
    stream.followed(at(4), 'joined');
    stream.followed(at(5), 'joined');
    expect(ledger.findings.count('corrupted')).toBe(2);
  });

  it('a message that was sent long after its reader had left', () => {
    const { ledger, group, member } = world();
    const stream = ledger.addMemberStream('impatient', member, -1);
    member.joining();
    member.joined(5);
    stream.identified({ epoch: EPOCH, offset: 5, head: 5, recovered: true }, stream.asking(true));
    member.leaving();
    member.left();
    const send = group.issue();
    group.acknowledged(send, 6);
    stream.message({ targetId: GROUP, offset: 6, epoch: EPOCH, data: group.bodyOf(send.number) });
    expect(ledger.findings.count('leaked')).toBe(1);
  });
});
