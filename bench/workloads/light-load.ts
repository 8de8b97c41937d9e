/** How long does a message take from its sending to its arrival while the system has little to do? */
import { measurePublishing, MESSAGE_BYTES, type PublishingLoad, RECIPIENTS } from './measure-publishing.ts';
import type { Workload } from './workload.ts';

const MESSAGES_PER_SECOND = 200;

/** Enough for a pause of 2 s: a delay must show as a long latency, not as a message that was never sent. */
const CONNECTIONS = 400;

export const LIGHT_LOAD: PublishingLoad = {
  pace: { kind: 'open-loop', messagesPerSecond: MESSAGES_PER_SECOND, connections: CONNECTIONS },
  messagesPerRequest: 1,
};

export const lightLoad: Workload = {
  name: 'w4',
  question: 'How long does a message take from sending to arrival while there is little to do?',
  setting: `${MESSAGES_PER_SECOND} messages of ${MESSAGE_BYTES} bytes a second in an open loop, to ${RECIPIENTS} sockets with an id each`,
  systems: ['postline', 'socket.io + row', 'socket.io', 'bare parts'],
  compared: ['send to arrival p50', 'send to arrival p99'],
  run: (conditions) => measurePublishing({ ...LIGHT_LOAD, withStations: true }, conditions),
};
