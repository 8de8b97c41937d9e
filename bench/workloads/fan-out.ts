/** How many deliveries a second does one target's relay make when 5,000 sockets follow it, and at what cost? */
import { measureLoad } from '../system/measure-load.ts';
import { costFigures, memoryFigures } from './cost-figures.ts';
import { MESSAGE_BYTES } from './measure-publishing.ts';
import { systemUnderLoad } from './system-under-load.ts';
import type { Workload } from './workload.ts';

const SOCKETS = 5_000;

/** Enough that the relay always has the next one. */
const MESSAGES_UNDER_WAY = 2;

export const fanOut: Workload = {
  name: 'w2',
  question:
    'How many deliveries a second does a message to one target with many sockets come to, at what cost?',
  setting: `${SOCKETS} sockets with one id, one message of ${MESSAGE_BYTES} bytes after the other, ${MESSAGES_UNDER_WAY} under way`,
  systems: ['postline', 'bare parts', 'socket.io'],
  compared: ['deliveries', '  websocket-server'],
  run: async ({ system, cores, profilePath, warmUpSeconds, measureSeconds }) => {
    const { result, measurement } = await measureLoad({
      system,
      cores,
      profilePath,
      job: {
        kind: 'fan-out',
        system: systemUnderLoad(system),
        targetId: 'everybody',
        connections: SOCKETS,
        messageBytes: MESSAGE_BYTES,
        messagesUnderWay: MESSAGES_UNDER_WAY,
        warmUpSeconds,
        measureSeconds,
      },
    });
    const { deliveries, windowMs, lastArrivalMs } = result;
    return {
      faults: result.faults,
      profiles: measurement.profiles,
      figures: [
        { name: 'deliveries', unit: 'per s', value: (1_000 * deliveries) / windowMs },
        { name: 'send to last arrival p50', unit: 'ms', value: lastArrivalMs.p50 },
        { name: 'send to last arrival p99', unit: 'ms', value: lastArrivalMs.p99 },
        ...costFigures(measurement, deliveries),
        ...memoryFigures(measurement),
      ],
    };
  },
};
