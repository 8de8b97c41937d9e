/** How long does it take until all of a thousand readers that reconnect at once have all messages? */
import { measureLoad } from '../system/measure-load.ts';
import { costFigures } from './cost-figures.ts';
import { MESSAGE_BYTES } from './measure-publishing.ts';
import { systemUnderLoad } from './system-under-load.ts';
import type { Workload } from './workload.ts';

const READERS = 1_000;
const MISSED = 100;

export const reconnectStorm: Workload = {
  name: 'storm',
  question: 'How long until all of many readers that reconnect at once have all messages?',
  setting: `${READERS} readers connect at once, each ${MISSED} messages of ${MESSAGE_BYTES} bytes behind`,
  systems: ['postline'],
  run: async ({ system, cores, profilePath }) => {
    const { result, measurement } = await measureLoad({
      system,
      cores,
      profilePath,
      job: {
        kind: 'storm',
        system: systemUnderLoad(system),
        readers: READERS,
        missed: MISSED,
        messageBytes: MESSAGE_BYTES,
      },
    });
    const { milliseconds, readerMs } = result;
    const messages = READERS * MISSED;
    return {
      faults: result.faults,
      profiles: measurement.profiles,
      figures: [
        { name: 'all caught up', unit: 'ms', value: milliseconds },
        { name: 'one reader p50', unit: 'ms', value: readerMs.p50 },
        { name: 'one reader p99', unit: 'ms', value: readerMs.p99 },
        { name: 'caught up', unit: 'messages per s', value: (1_000 * messages) / milliseconds },
        ...costFigures(measurement, messages),
      ],
    };
  },
};
