/** How fast does one client that was away for long catch up, and how much memory does the relay need for it? */
import { readMemory } from '../measure/processes.ts';
import { measureLoad } from '../system/measure-load.ts';
import type { MeasuredSystem } from '../system/measured-system.ts';
import { costFigures } from './cost-figures.ts';
import { systemUnderLoad } from './system-under-load.ts';
import type { RunConditions, RunOutcome, Workload } from './workload.ts';

const LOG_MESSAGES = 100_000;
const MESSAGE_BYTES = 64;

/** Enough for the engine to compile the code of each message. */
const WARM_UP_MESSAGES = 20_000;

export const catchUp: Workload = {
  name: 'catch-up',
  question: 'How fast does one client catch up, and how much memory does that take?',
  setting: `one client, ${LOG_MESSAGES} messages of ${MESSAGE_BYTES} bytes behind, against a relay that has just read ${WARM_UP_MESSAGES}`,
  systems: ['postline'],
  compared: ['caught up', 'all servers'],
  run: measureCatchUp,
};

/** One run of it, on whatever database. */
export async function measureCatchUp({ system, cores, profilePath }: RunConditions): Promise<RunOutcome> {
  const whenNew = relayMemory(system).residentMib;
  const { result, measurement } = await measureLoad({
    system,
    cores,
    profilePath,
    job: {
      kind: 'catch-up',
      system: systemUnderLoad(system),
      targetId: 'long-away',
      messages: LOG_MESSAGES,
      messageBytes: MESSAGE_BYTES,
      warmUpMessages: WARM_UP_MESSAGES,
    },
  });
  const before = measurement.memoryBefore.get('websocket-server')?.residentMib ?? NaN;
  const peak = measurement.memoryAfter.get('websocket-server')?.peakResidentMib ?? NaN;
  const pages = measurement.metricCount('websocket-server', 'postline_log_pages_read_total');
  return {
    faults: result.faults,
    profiles: measurement.profiles,
    figures: [
      { name: 'caught up', unit: 'messages per s', value: (1_000 * result.messages) / result.milliseconds },
      { name: 'in all', unit: 'ms', value: result.milliseconds },
      ...costFigures(measurement, result.messages),
      { name: 'relay resident when new', unit: 'MiB', value: whenNew },
      { name: 'relay resident after warm-up', unit: 'MiB', value: before },
      { name: 'relay resident at its peak', unit: 'MiB', value: peak },
      { name: 'rows in a page', unit: '', value: result.messages / pages },
    ],
  };
}

function relayMemory({ processes }: MeasuredSystem) {
  const relay = processes.find(({ role }) => role === 'websocket-server');
  if (relay === undefined) throw new Error('the system has no relay');
  return readMemory(relay.pid);
}
