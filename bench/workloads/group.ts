/** What does a group cost: a message to all members, connecting clients in many groups, a mass join? */
import { readFileSync } from 'node:fs';
import { measureLoad } from '../system/measure-load.ts';
import { costFigures } from './cost-figures.ts';
import { fanOutWorkload } from './fan-out.ts';
import { systemUnderLoad } from './system-under-load.ts';
import type { Workload } from './workload.ts';

const MEMBERS = 20_000;
/** Connections and files of a relay other than its clients. */
const OTHER_FILES = 200;

const CLIENTS = 1_000;
const GROUPS = 1_000;
const GROUPS_PER_CLIENT = 100;

const JOINING = 100_000;
const CONNECTED = 1_000;

/** One message after the other, to measure how long one takes to the last member. */
export const group = fanOutWorkload({
  name: 'group',
  question: 'How long until one message has reached every member of a large group, at what cost?',
  setting: 'members of one group, each with a client id of its own',
  targetId: 'group:everybody',
  areMembers: true,
  connections: Math.min(MEMBERS, openFilesMax() - OTHER_FILES),
  messagesUnderWay: 1,
});

export const groupIdentify: Workload = {
  name: 'group-identify',
  question: 'How long until many clients that are in many groups have identified?',
  setting: `${CLIENTS} clients connect at once, each in ${GROUPS_PER_CLIENT} of ${GROUPS} groups; then some alone`,
  systems: ['postline'],
  compared: ['all identified', 'all servers'],
  run: async ({ system, cores, profilePath }) => {
    const { result, measurement } = await measureLoad({
      system,
      cores,
      profilePath,
      job: {
        kind: 'group-identify',
        system: systemUnderLoad(system),
        clients: CLIENTS,
        groups: GROUPS,
        groupsPerClient: GROUPS_PER_CLIENT,
      },
    });
    const { milliseconds, clientMs, aloneMs } = result;
    return {
      faults: result.faults,
      profiles: measurement.profiles,
      figures: [
        { name: 'all identified', unit: 'ms', value: milliseconds },
        { name: 'one client p50', unit: 'ms', value: clientMs.p50 },
        { name: 'one client p99', unit: 'ms', value: clientMs.p99 },
        { name: 'alone p50', unit: 'ms', value: aloneMs.p50 },
        { name: 'alone p99', unit: 'ms', value: aloneMs.p99 },
        ...costFigures(measurement, CLIENTS),
      ],
    };
  },
};

export const groupJoin: Workload = {
  name: 'group-join',
  question: 'How long does it take until very many clients have joined one group?',
  setting: `${JOINING} clients by requests of 1,000, ${CONNECTED} of them connected`,
  systems: ['postline'],
  compared: ['all joined', 'all servers'],
  run: async ({ system, cores, runNumber, profilePath }) => {
    const { result, measurement } = await measureLoad({
      system,
      cores,
      profilePath,
      job: {
        kind: 'group-join',
        system: systemUnderLoad(system),
        groupId: `group:crowd-${runNumber}`,
        joining: JOINING,
        connected: CONNECTED,
      },
    });
    const { joinMs, lastFollowedMs } = result;
    return {
      faults: result.faults,
      profiles: measurement.profiles,
      figures: [
        { name: 'all joined', unit: 'ms', value: joinMs },
        { name: 'joins', unit: 'per s', value: (1_000 * JOINING) / joinMs },
        { name: 'last answer to last followed', unit: 'ms', value: lastFollowedMs },
        ...costFigures(measurement, JOINING),
      ],
    };
  },
};

/** Files that a process may have open: each socket is one, here and in the relay. */
function openFilesMax(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? NaN);
}
