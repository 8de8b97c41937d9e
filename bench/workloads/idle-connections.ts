/** How much memory does a connection take that has identified and gets nothing? */
import { measureLoad } from '../system/measure-load.ts';
import { systemUnderLoad } from './system-under-load.ts';
import type { Workload } from './workload.ts';

const CONNECTIONS = 10_000;
const WARM_UP_CONNECTIONS = 500;
/** One turn of heartbeats and a little more. */
const IDLE_SECONDS = 30;
const KIB_PER_MIB = 1024;

export const idleConnections: Workload = {
  name: 'w3',
  question: 'How much memory does a connection take that has identified and gets nothing?',
  setting: `${CONNECTIONS} sockets with an id each, idle for ${IDLE_SECONDS} s, after ${WARM_UP_CONNECTIONS} others that came and went`,
  systems: ['postline', 'bare parts', 'socket.io'],
  compared: ['relay memory for each'],
  run: async ({ system, cores, profilePath }) => {
    const { result, measurement } = await measureLoad({
      system,
      cores,
      profilePath,
      job: {
        kind: 'idle',
        system: systemUnderLoad(system),
        connections: CONNECTIONS,
        warmUpConnections: WARM_UP_CONNECTIONS,
        idleSeconds: IDLE_SECONDS,
      },
    });
    const before = measurement.memoryBefore.get('websocket-server')?.residentMib ?? NaN;
    const after = measurement.memoryAfter.get('websocket-server')?.residentMib ?? NaN;
    const relayMs = measurement.cpuMs.get('websocket-server') ?? NaN;
    return {
      faults: result.faults,
      profiles: measurement.profiles,
      figures: [
        { name: 'relay memory for each', unit: 'KiB', value: ((after - before) * KIB_PER_MIB) / CONNECTIONS },
        { name: 'relay resident before', unit: 'MiB', value: before },
        { name: 'relay resident with them', unit: 'MiB', value: after },
        { name: 'opened', unit: 'per s', value: (1_000 * CONNECTIONS) / result.openingMs },
        { name: 'relay, opening and idle', unit: 'ms CPU per 1,000', value: (1_000 * relayMs) / CONNECTIONS },
      ],
    };
  },
};
