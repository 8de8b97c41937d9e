/** Do two processes of each service do the same work at the same cost as one? */
import { measurePublishing } from './measure-publishing.ts';
import type { Workload } from './workload.ts';

const PUBLISHERS = 64;

export const workers: Workload = {
  name: 'workers',
  question: 'Do two processes of each service do the work (w1) at the cost of one?',
  setting: `w1 with ${PUBLISHERS} publishers, with one process of each service and with WORKERS=2, on the same cores`,
  systems: ['postline, 2 workers', 'postline'],
  compared: ['delivered', 'all servers', '  api-server', '  websocket-server', '  database'],
  onlyWhenNamed: true,
  run: (conditions) =>
    measurePublishing({ pace: { kind: 'closed-loop', publishers: PUBLISHERS } }, conditions),
};
