/** How many messages a second, each to one recipient of a thousand, does the system commit and deliver, at what cost? */
import { measurePublishing, MESSAGE_BYTES, type PublishingLoad, RECIPIENTS } from './measure-publishing.ts';
import type { Workload } from './workload.ts';

const PUBLISHERS = 64;

export const TARGETED_LOAD: PublishingLoad = {
  pace: { kind: 'closed-loop', publishers: PUBLISHERS },
  messagesPerRequest: 1,
};

export const targetedPublish: Workload = {
  name: 'w1',
  question: 'How many messages a second, each to one recipient, are committed and delivered, at what cost?',
  setting: `${RECIPIENTS} sockets with an id each, ${PUBLISHERS} publishers in a closed loop, one request for each message of ${MESSAGE_BYTES} bytes`,
  systems: ['postline', 'socket.io + row', 'socket.io', 'bare parts'],
  compared: ['delivered', 'all servers', '  websocket-server'],
  run: (conditions) => measurePublishing(TARGETED_LOAD, conditions),
};
