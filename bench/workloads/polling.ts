/** What do clients cost that get a message a minute, and how long do they wait: polling, and with a socket? */
import { measureLoad } from '../system/measure-load.ts';
import type { Figure } from '../measure/figure.ts';
import { MESSAGE_BYTES } from './measure-publishing.ts';
import { systemUnderLoad } from './system-under-load.ts';
import type { RunConditions, RunOutcome, Workload } from './workload.ts';

const CLIENTS = 1_000;
const MESSAGES_PER_CLIENT_PER_MINUTE = 1;

/** 0 is a socket. */
const POLL_SECONDS = [1, 5, 0] as const;

/** At 17 messages a second a few seconds would have no 99th percentile. */
const SECONDS_FACTOR = 3;
const KIB = 1024;

export const polling: Workload = {
  name: 'polling',
  question:
    'What does waiting for a message cost, and how late is it: polling every 1 s, every 5 s, with a socket?',
  setting: `${CLIENTS} clients, ${MESSAGES_PER_CLIENT_PER_MINUTE} message a minute to each; a poll is GET /targets/:id/messages?after=… on a connection that is kept alive`,
  systems: ['postline'],
  run: async (conditions) => {
    const figures: Figure[] = [];
    const faults: string[] = [];
    for (const pollSeconds of POLL_SECONDS) {
      const outcome = await measureWaiting(pollSeconds, conditions);
      figures.push(...outcome.figures);
      faults.push(...outcome.faults);
    }
    return { figures, faults, profiles: [] };
  },
};

async function measureWaiting(
  pollSeconds: number,
  { system, cores, runNumber, warmUpSeconds, measureSeconds }: RunConditions,
): Promise<Pick<RunOutcome, 'figures' | 'faults'>> {
  const { result, measurement } = await measureLoad({
    system,
    cores,
    job: {
      kind: 'polling',
      system: systemUnderLoad(system),
      clients: CLIENTS,
      messagesPerClientPerMinute: MESSAGES_PER_CLIENT_PER_MINUTE,
      messageBytes: MESSAGE_BYTES,
      pollSeconds,
      warmUpSeconds,
      measureSeconds: measureSeconds * SECONDS_FACTOR,
      label: `run${runNumber}-${pollSeconds}`,
    },
  });
  const { windowMs, requests, refused, bytes, delayMs } = result;
  const perSecond = 1_000 / windowMs;
  const cpuMs = [...measurement.cpuMs.values()].reduce((sum, milliseconds) => sum + milliseconds, 0);
  const way = pollSeconds === 0 ? 'socket' : `every ${pollSeconds} s`;
  return {
    faults: result.faults,
    figures: [
      { name: `${way}: requests`, unit: 'per s', value: requests * perSecond },
      { name: `${way}: answered 503`, unit: 'per s', value: refused * perSecond },
      { name: `${way}: servers busy`, unit: '% of a core', value: (100 * cpuMs) / measurement.elapsedMs },
      { name: `${way}: on the wire`, unit: 'KiB per s', value: (bytes * perSecond) / KIB },
      { name: `${way}: delay p50`, unit: 'ms', value: delayMs.p50 },
      { name: `${way}: delay p99`, unit: 'ms', value: delayMs.p99 },
    ],
  };
}
