/** What does a mixed load cost: clients with messages of their own and of groups, which acknowledge what they receive? */
import type { Figure } from '../measure/figure.ts';
import { measureSteady } from './steady.ts';
import type { Workload } from './workload.ts';

const CLIENTS = 4_000;
const GROUPS = 40;
const MESSAGES_PER_SECOND = 500;
const GROUP_MESSAGES_PER_SECOND = 20;

export const mixed: Workload = {
  name: 'mixed',
  question: 'What does a mixed load cost, in CPU of each process a second?',
  setting: `${CLIENTS} clients in ${GROUPS} groups that ack what they receive, ${MESSAGES_PER_SECOND} messages a second to clients and ${GROUP_MESSAGES_PER_SECOND} to groups`,
  systems: ['postline'],
  onlyWhenNamed: true,
  run: async (conditions) => {
    const { result, measurement } = await measureSteady(
      {
        label: 'mixed',
        clients: CLIENTS,
        groups: GROUPS,
        messagesPerSecond: MESSAGES_PER_SECOND,
        groupMessagesPerSecond: GROUP_MESSAGES_PER_SECOND,
        acks: true,
      },
      conditions,
    );
    const perSecond = 1_000 / result.windowMs;
    const cpu: Figure[] = [...measurement.cpuMs].map(([role, ms]) => ({
      name: `${role} CPU`,
      unit: 'ms per s',
      value: (1_000 * ms) / measurement.elapsedMs,
    }));
    return {
      faults: result.faults,
      profiles: measurement.profiles,
      figures: [
        { name: 'messages', unit: 'per s', value: result.messages * perSecond },
        { name: 'deliveries', unit: 'per s', value: result.deliveries * perSecond },
        { name: 'acks', unit: 'per s', value: result.acks * perSecond },
        ...cpu,
        { name: 'all CPU', unit: 'ms per s', value: cpu.reduce((sum, { value }) => sum + value, 0) },
      ],
    };
  },
};
