import type { LogPosition } from '@postline/message-store';
import { type IdentifyFrame, isGroupId } from '@postline/protocol';
import { partsOf } from '@postline/service-runtime';
import type { Acks } from '../acks/acks.ts';
import { readPatiently } from '../feeds/read-patiently.ts';
import type { DeviceOpener } from './device-opener.ts';
import type { ReaderPosition } from './starting-point.ts';

/** Targets of one device that are opened together; a device in a thousand groups takes turns with others. */
const TARGETS_PER_OPENING_MAX = 32;

export interface ReaderPositionsOptions {
  readonly acks: Pick<Acks, 'saved' | 'waiting'>;
  readonly devices: Pick<DeviceOpener, 'read'>;
}

/** A target that a device follows. */
interface FollowedTarget {
  readonly targetId: string;
  /** Defined if the client is a member: without an ack its stream starts there, not at a baseline. */
  readonly from?: number | undefined;
}

/** Finds where a client stopped in each of its targets, by its own word or by its device's last acks. */
export class ReaderPositions {
  readonly #options: ReaderPositionsOptions;

  constructor(options: ReaderPositionsOptions) {
    this.#options = options;
  }

  /**
   * One position for each target, in order. To be called before any head is read, so that an ack is never beyond one.
   * Waits while the database is away; undefined once `isWanted` says no.
   */
  async read(
    { clientId, deviceId, resume }: Pick<IdentifyFrame, 'clientId' | 'deviceId' | 'resume'>,
    targets: readonly FollowedTarget[],
    isWanted: () => boolean,
  ): Promise<readonly ReaderPosition[] | undefined> {
    if (resume === 'last-ack') {
      if (deviceId === undefined) throw new Error('a last ack without a device'); // the frame was checked
      return readPatiently(() => this.#readLastAcks({ clientId, deviceId }, targets), isWanted);
    }
    return targets.map(({ targetId }) => positionOf(resume, targetId));
  }

  /** Includes acks that arrived here a moment ago. */
  async #readLastAcks(
    device: { readonly clientId: string; readonly deviceId: string },
    targets: readonly FollowedTarget[],
  ): Promise<readonly ReaderPosition[]> {
    const { acks, devices } = this.#options;
    await acks.saved({ ...device, targetId: device.clientId });
    const parts = [...partsOf(targets, TARGETS_PER_OPENING_MAX)];
    const openings = parts.map((part) => ({
      ...device,
      targetIds: part.filter(({ from }) => from === undefined).map(({ targetId }) => targetId),
      targetIdsWithoutBaseline: part.filter(({ from }) => from !== undefined).map(({ targetId }) => targetId),
    }));
    const stored = await Promise.all(openings.map((opening) => devices.read(opening)));
    return targets.map(({ targetId }, index): ReaderPosition => {
      const before = stored[Math.floor(index / TARGETS_PER_OPENING_MAX)]?.get(targetId);
      const latest = isGroupId(targetId) ? acks.waiting({ ...device, targetId }) : undefined;
      const last = laterOf(before, latest);
      return last === undefined
        ? { kind: 'joined' }
        : { kind: 'cursor', cursor: { targetId, ...last, mark: undefined } };
    });
  }
}

function positionOf(resume: Exclude<IdentifyFrame['resume'], 'last-ack'>, targetId: string): ReaderPosition {
  if (resume === undefined) return { kind: 'head' };
  if (resume === 'start') return { kind: 'start' };
  if ('last' in resume) return { kind: 'last', count: resume.last };
  const { epoch, offsets, at } = resume;
  const offset = offsets.get(targetId);
  return offset === undefined
    ? { kind: 'no-cursor', epoch }
    : { kind: 'cursor', cursor: { targetId, offset, epoch, mark: at?.get(targetId) } };
}

/** An ack that waits is of the epoch that its connection followed; it replaces a stored one of another epoch. */
function laterOf(stored: LogPosition | undefined, waiting: LogPosition | undefined): LogPosition | undefined {
  if (stored === undefined || waiting === undefined) return waiting ?? stored;
  return waiting.epoch !== stored.epoch || waiting.offset > stored.offset ? waiting : stored;
}
