import { batchPublish } from './batch-publish.ts';
import { catchUp } from './catch-up.ts';
import { busyFanOut, fanOut } from './fan-out.ts';
import { group, groupIdentify, groupJoin } from './group.ts';
import { hotTarget } from './hot-target.ts';
import { idleConnections } from './idle-connections.ts';
import { largeTable } from './large-table.ts';
import { lightLoad } from './light-load.ts';
import { mixed } from './mixed.ts';
import { neighbour } from './neighbour.ts';
import { polling } from './polling.ts';
import { reconnectStorm } from './reconnect-storm.ts';
import { targetedPublish } from './targeted-publish.ts';
import { unitCosts } from './unit-costs.ts';
import { workers } from './workers.ts';
import type { Workload } from './workload.ts';

/** In the order in which they run. */
export const WORKLOADS: readonly Workload[] = [
  targetedPublish,
  fanOut,
  busyFanOut,
  group,
  groupIdentify,
  groupJoin,
  idleConnections,
  lightLoad,
  batchPublish,
  hotTarget,
  catchUp,
  reconnectStorm,
  neighbour,
  polling,
  largeTable,
  unitCosts,
  mixed,
  workers,
];
