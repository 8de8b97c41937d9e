/** How long does it take until all of a thousand readers that reconnect at once have all messages? */
import type { Figure } from '../measure/figure.ts';
import { measureLoad } from '../system/measure-load.ts';
import { costFigures } from './cost-figures.ts';
import { MESSAGE_BYTES } from './measure-publishing.ts';
import { systemUnderLoad } from './system-under-load.ts';
import type { RunConditions, RunOutcome, Workload } from './workload.ts';

const READERS = 1_000;
const MISSED = 100;

export const reconnectStorm: Workload = {
  name: 'storm',
  question: 'How long until all of many readers that reconnect at once have all messages?',
  setting: `${READERS} readers connect at once, each ${MISSED} messages of ${MESSAGE_BYTES} bytes behind`,
  systems: ['postline'],
  compared: ['all caught up', 'all servers'],
  run: (conditions) => measureStorm({ idPrefix: 'reader', missed: MISSED }, conditions),
};

export interface StormSettings {
  /** Begins the ids of the readers. */
  readonly idPrefix: string;
  /** 0: until all have identified. */
  readonly missed: number;
}

/** One run of it, on whatever database. */
export async function measureStorm(
  { idPrefix, missed }: StormSettings,
  { system, cores, profilePath }: RunConditions,
): Promise<RunOutcome> {
  const { result, measurement } = await measureLoad({
    system,
    cores,
    profilePath,
    job: {
      kind: 'storm',
      system: systemUnderLoad(system),
      readers: READERS,
      idPrefix,
      missed,
      messageBytes: MESSAGE_BYTES,
    },
  });
  const { milliseconds, readerMs } = result;
  const messages = READERS * missed;
  const speed: Figure[] =
    missed === 0
      ? [{ name: 'all identified', unit: 'ms', value: milliseconds }]
      : [
          { name: 'all caught up', unit: 'ms', value: milliseconds },
          { name: 'caught up', unit: 'messages per s', value: (1_000 * messages) / milliseconds },
        ];
  return {
    faults: result.faults,
    profiles: measurement.profiles,
    figures: [
      ...speed,
      { name: 'one reader p50', unit: 'ms', value: readerMs.p50 },
      { name: 'one reader p99', unit: 'ms', value: readerMs.p99 },
      ...costFigures(measurement, missed === 0 ? READERS : messages),
    ],
  };
}
