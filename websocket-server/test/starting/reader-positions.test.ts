import { type Identify, RelayClient } from '@postline/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import type { RelaySettings } from '../../src/configuration.ts';
import { seen, startOf } from '../support/group-frames.ts';
import { startTestRelay, type TestRelay } from '../support/start-test-relay.ts';

const NEWS = 'group:news';

describe('where the streams of groups start', () => {
  let relay: TestRelay;

  async function start(settings: Partial<RelaySettings> = {}): Promise<void> {
    relay = await startTestRelay(settings);
  }

  afterEach(() => relay.close());

  const identified = (clientId: string, more: Partial<Identify> = {}) =>
    RelayClient.identified(relay.url, { clientId, groups: true, ...more });

  describe('[FOL-2] where a member starts', () => {
    /** A group with 10 messages, of which ann joined after the fourth. */
    async function startWithNews(): Promise<void> {
      await start();
      await relay.append(NEWS, ...Array.from({ length: 4 }, (_, index) => `m${index + 1}`));
      await relay.join('news', 'ann');
      await relay.append(NEWS, ...Array.from({ length: 6 }, (_, index) => `m${index + 5}`));
    }

    const resumeAt = async (offset: number) => ({ epoch: await relay.epoch(), offsets: { [NEWS]: offset } });

    it.each<[string, () => Promise<Identify['resume']> | Identify['resume'], number, boolean]>([
      ['a cursor at or above F', () => resumeAt(7), 7, true],
      ['a cursor beyond the head', () => resumeAt(11), 4, false],
      [
        'a resume without a cursor for the group: joined while away',
        async () => ({ epoch: await relay.epoch(), offsets: {} }),
        4,
        true,
      ],
      ['no resume', () => undefined, 10, true],
      ['resume: start', () => 'start', 4, true],
      ['resume: the last 2', () => ({ last: 2 }), 8, true],
      ['resume: the last 100', () => ({ last: 100 }), 4, true],
      ['a cursor of another epoch', () => ({ epoch: 'other', offsets: { [NEWS]: 9 } }), 4, false],
      ['last-ack of a device that never acked the group', () => 'last-ack', 4, true],
    ])('%s', async (_what, resume, offset, recovered) => {
      await startWithNews();
      const with_ = await resume();
      const ann = await identified('ann', { deviceId: 'tv', ...(with_ !== undefined && { resume: with_ }) });
      expect(startOf(ann, NEWS)).toEqual({ offset, head: 10, recovered });
      const count = 10 - offset;
      await ann.messagesOnceThereAre(count);
      await ann.settled();
      expect(ann.messages().map((frame) => frame['offset'])).toEqual(
        Array.from({ length: count }, (_, index) => offset + 1 + index),
      );
    });

    it('a cursor below F: the cursor, then truncated up to F because of the membership', async () => {
      await startWithNews();
      const ann = await identified('ann', { resume: await resumeAt(2) });
      expect(startOf(ann, NEWS)).toEqual({ offset: 2, head: 10, recovered: true });
      await ann.messagesOnceThereAre(6);
      expect(ann.frames[1]).toEqual({
        type: 'truncated',
        targetId: NEWS,
        from: 3,
        to: 4,
        reason: 'membership',
      });
      expect(seen(ann, NEWS).slice(1)).toEqual(['5 m5', '6 m6', '7 m7', '8 m8', '9 m9', '10 m10']);
    });

    it('last-ack goes on after what the device acked in the group', async () => {
      await startWithNews();
      const first = await identified('ann', { deviceId: 'tv', resume: 'last-ack' });
      await first.messagesOnceThereAre(6);
      first.send({ type: 'ack', targetId: NEWS, offset: 8 });
      await first.settled();
      await first.close();
      const again = await identified('ann', { deviceId: 'tv', resume: 'last-ack' });
      expect(startOf(again, NEWS)).toEqual({ offset: 8, head: 10, recovered: true });
    });
  });

  describe("[FOL-2] where everyone's group starts", () => {
    it.each<[string, Identify['resume'] | 'cursor', number, boolean]>([
      ['a cursor', 'cursor', 2, true],
      ['a resume without a cursor for it', { epoch: '', offsets: {} }, 5, true],
      ['no resume', undefined, 5, true],
      ['resume: start', 'start', 0, true],
      ['resume: the last 2', { last: 2 }, 3, true],
      ['a cursor of another epoch', { epoch: 'other', offsets: { 'group:all': 4 } }, 0, false],
      ['last-ack of a device that never acked it', 'last-ack', 5, true],
    ])('%s', async (_what, given, offset, recovered) => {
      await start({ everyoneGroup: 'all' });
      await relay.append('group:all', 'a', 'b', 'c', 'd', 'e');
      const epoch = await relay.epoch();
      const isElsewhere = typeof given === 'object' && 'epoch' in given && given.epoch === '';
      const resume =
        given === 'cursor'
          ? { epoch, offsets: { 'group:all': 2 } }
          : isElsewhere
            ? { epoch, offsets: {} }
            : given;
      const ann = await identified('ann', { deviceId: 'tv', ...(resume !== undefined && { resume }) });
      expect(startOf(ann, 'group:all')).toEqual({ offset, head: 5, recovered });
      await ann.messagesOnceThereAre(5 - offset);
      if (given !== 'last-ack') return;
      await relay.append('group:all', 'f');
      const again = await identified('ann', { deviceId: 'tv', resume: 'last-ack' });
      expect(startOf(again, 'group:all')).toEqual({ offset: 5, head: 6, recovered: true }); // it was stored
    });
  });
});
