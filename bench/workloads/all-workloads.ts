import { catchUp } from './catch-up.ts';
import { lightLoad } from './light-load.ts';
import { targetedPublish } from './targeted-publish.ts';
import type { Workload } from './workload.ts';

/** In the order in which they run. */
export const WORKLOADS: readonly Workload[] = [targetedPublish, lightLoad, catchUp];
