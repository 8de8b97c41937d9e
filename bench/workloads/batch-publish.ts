/** How many messages a second are committed and delivered when a request brings a hundred of them? */
import { measurePublishing, MESSAGE_BYTES, type PublishingLoad, RECIPIENTS } from './measure-publishing.ts';
import type { Workload } from './workload.ts';

const MESSAGES_PER_REQUEST = 100;
const PUBLISHERS = 32;

export const BATCH_LOAD: PublishingLoad = {
  pace: { kind: 'closed-loop', publishers: PUBLISHERS },
  messagesPerRequest: MESSAGES_PER_REQUEST,
};

export const batchPublish: Workload = {
  name: 'batch',
  question: 'How many messages a second are committed and delivered when a request brings many?',
  setting: `${RECIPIENTS} sockets with an id each, ${PUBLISHERS} publishers in a closed loop, ${MESSAGES_PER_REQUEST} messages of ${MESSAGE_BYTES} bytes in each request`,
  systems: ['postline'],
  compared: ['delivered', 'all servers'],
  run: (conditions) => measurePublishing(BATCH_LOAD, conditions),
};
