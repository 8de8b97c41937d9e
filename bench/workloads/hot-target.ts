/** What does it cost when all publishers publish to one target, whose counter is one row's lock? */
import { measurePublishing, MESSAGE_BYTES } from './measure-publishing.ts';
import type { Workload } from './workload.ts';

const PUBLISHERS = 64;

export const hotTarget: Workload = {
  name: 'hot-target',
  question: 'How many messages a second are committed and delivered when all are for one target?',
  setting: `one socket, ${PUBLISHERS} publishers in a closed loop, one request for each message of ${MESSAGE_BYTES} bytes`,
  systems: ['postline', 'bare parts'],
  compared: ['delivered', 'all servers'],
  run: (conditions) =>
    measurePublishing({ pace: { kind: 'closed-loop', publishers: PUBLISHERS }, recipients: 1 }, conditions),
};
