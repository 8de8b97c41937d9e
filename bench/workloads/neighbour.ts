/** How much later do others catch up while one client reconnects all the time and reads its long log each time? */
import { measureLoad } from '../system/measure-load.ts';
import { costFigures } from './cost-figures.ts';
import { MESSAGE_BYTES } from './measure-publishing.ts';
import { systemUnderLoad } from './system-under-load.ts';
import type { Workload } from './workload.ts';

const READERS = 100;
const MISSED = 100;
const GREEDY_MESSAGES = 100_000;
const GREEDY_CONNECTIONS_PER_SECOND = 21;

export const neighbour: Workload = {
  name: 'neighbour',
  question: 'How much later do others catch up beside one client that reconnects all the time?',
  setting:
    `${READERS} readers one after the other, each ${MISSED} messages of ${MESSAGE_BYTES} bytes behind: alone, and beside ` +
    `a client that connects ${GREEDY_CONNECTIONS_PER_SECOND} times a second and reads its ${GREEDY_MESSAGES} messages`,
  systems: ['postline'],
  run: async ({ system, cores, profilePath, runNumber }) => {
    const { result, measurement } = await measureLoad({
      system,
      cores,
      profilePath,
      job: {
        kind: 'neighbour',
        system: systemUnderLoad(system),
        readers: READERS,
        missed: MISSED,
        messageBytes: MESSAGE_BYTES,
        greedyMessages: GREEDY_MESSAGES,
        greedyConnectionsPerSecond: GREEDY_CONNECTIONS_PER_SECOND,
        label: String(runNumber),
      },
    });
    const { aloneMs, besideMs, greedyConnections } = result;
    return {
      faults: result.faults,
      profiles: measurement.profiles,
      figures: [
        { name: 'caught up alone p50', unit: 'ms', value: aloneMs.p50 },
        { name: 'caught up alone p99', unit: 'ms', value: aloneMs.p99 },
        { name: 'caught up beside it p50', unit: 'ms', value: besideMs.p50 },
        { name: 'caught up beside it p99', unit: 'ms', value: besideMs.p99 },
        { name: 'p50 beside it, of p50 alone', unit: '%', value: (100 * besideMs.p50) / aloneMs.p50 },
        { name: 'connections of the greedy client', unit: '', value: greedyConnections },
        ...costFigures(measurement, 2 * READERS * MISSED),
      ],
    };
  },
};
