/**
 * The load generator: a separate process, so that its cost is not counted as the system's, and each can have its own
 * core. It takes one job from its parent, reports when its measured time begins and ends, and returns the result.
 */
import { once } from 'node:events';
import { runCatchUpLoad } from './load/catch-up-load.ts';
import { runFanOutLoad } from './load/fan-out-load.ts';
import { runGroupIdentifyLoad } from './load/group-identify-load.ts';
import { runGroupJoinLoad } from './load/group-join-load.ts';
import { runHintsLoad } from './load/hints-load.ts';
import { runIdleLoad } from './load/idle-load.ts';
import type { LoadJob, LoadReport, MeasureSignals } from './load/load-job.ts';
import { runNeighbourLoad } from './load/neighbour-load.ts';
import { runPollingLoad } from './load/polling-load.ts';
import { runPublishLoad } from './load/publish-load.ts';
import { runSteadyLoad } from './load/steady-load.ts';
import { runStormLoad } from './load/storm-load.ts';

function tell(report: LoadReport): void {
  process.send?.(report);
}

/** The parent answers each signal with a message when it has taken its samples. */
const signals: MeasureSignals = {
  begin: async () => {
    tell({ kind: 'measuring' });
    await once(process, 'message');
  },
  end: async () => {
    tell({ kind: 'measured' });
    await once(process, 'message');
  },
};

function run(job: LoadJob) {
  switch (job.kind) {
    case 'publish':
      return runPublishLoad(job, signals);
    case 'catch-up':
      return runCatchUpLoad(job, signals);
    case 'fan-out':
      return runFanOutLoad(job, signals);
    case 'group-identify':
      return runGroupIdentifyLoad(job, signals);
    case 'group-join':
      return runGroupJoinLoad(job, signals);
    case 'idle':
      return runIdleLoad(job, signals);
    case 'neighbour':
      return runNeighbourLoad(job, signals);
    case 'storm':
      return runStormLoad(job, signals);
    case 'polling':
      return runPollingLoad(job, signals);
    case 'steady':
      return runSteadyLoad(job, signals);
    case 'hints':
      return runHintsLoad(job, signals);
  }
}

process.once('disconnect', () => process.exit(1));
process.once('message', (job) => {
  run(job as LoadJob)
    .then((result) => tell({ kind: 'result', result }))
    .catch((error: unknown) =>
      tell({
        kind: 'failed',
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    );
});
