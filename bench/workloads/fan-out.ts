/** How many deliveries a second does a relay make for one target with many sockets, and at what cost? */
import type { FanOutJob } from '../load/load-job.ts';
import { measureLoad } from '../system/measure-load.ts';
import { costFigures, memoryFigures } from './cost-figures.ts';
import { MESSAGE_BYTES } from './measure-publishing.ts';
import { systemUnderLoad } from './system-under-load.ts';
import type { RunConditions, RunOutcome, Workload } from './workload.ts';

const SOCKETS = 5_000;

/** The next message is there while the last sockets get the current one. */
const IN_TURN = 2;
/** The relay always finds several: the messages of the target arrive faster than its sockets take them. */
const BUSY = 8;

const ONE_ID = {
  question: 'How many deliveries a second does one target with many sockets get, and at what cost?',
  setting: 'sockets with one id',
  targetId: 'everybody',
  connections: SOCKETS,
} as const;

/** Message after message. */
export const fanOut = fanOutWorkload({ ...ONE_ID, name: 'w2', messagesUnderWay: IN_TURN });

/** More messages than are sent on at a time. */
export const busyFanOut = fanOutWorkload({ ...ONE_ID, name: 'w2-busy', messagesUnderWay: BUSY });

type FanOutSettings = Pick<Workload, 'name' | 'question' | 'setting'> &
  Pick<FanOutJob, 'targetId' | 'connections' | 'areMembers' | 'messagesUnderWay'>;

export function fanOutWorkload({ name, question, setting, ...job }: FanOutSettings): Workload {
  const { connections, messagesUnderWay } = job;
  return {
    name,
    question,
    setting: `${connections} ${setting}, messages of ${MESSAGE_BYTES} bytes, ${messagesUnderWay} under way at a time`,
    systems: ['postline', 'bare parts', 'socket.io'],
    compared: ['deliveries', '  websocket-server'],
    run: (conditions) => measureFanOut(job, conditions),
  };
}

async function measureFanOut(
  fanOutJob: Omit<FanOutSettings, 'name' | 'question' | 'setting'>,
  { system, cores, profilePath, warmUpSeconds, measureSeconds }: RunConditions,
): Promise<RunOutcome> {
  const { result, measurement } = await measureLoad({
    system,
    cores,
    profilePath,
    job: {
      ...fanOutJob,
      kind: 'fan-out',
      system: systemUnderLoad(system),
      messageBytes: MESSAGE_BYTES,
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
}
