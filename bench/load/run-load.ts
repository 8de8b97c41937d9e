import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CorePlan } from '../system/cores.ts';
import type { LoadJob, LoadReport, ResultOf } from './load-job.ts';

export interface LoadOptions<Job extends LoadJob> {
  readonly job: Job;
  readonly cores: CorePlan;
  /** Called before the measured time begins, which waits for it. */
  readonly onMeasuring: (generatorPid: number) => Promise<void>;
  /** Called when it is over. */
  readonly onMeasured: (generatorPid: number) => Promise<void>;
}

/** Starts a load generator for one job, on its own core if there is one. Rejects if the job fails. */
export async function runLoad<Job extends LoadJob>(options: LoadOptions<Job>): Promise<ResultOf<Job>> {
  const child = startGenerator(options.cores);
  const pid = child.pid ?? NaN;
  try {
    return await new Promise((resolve, reject) => {
      const goOn = (hook: (generatorPid: number) => Promise<void>) => {
        hook(pid).then(() => child.send('go on'), reject);
      };
      child.on('message', (message) => {
        const report = message as LoadReport; // from our own program
        if (report.kind === 'measuring') goOn(options.onMeasuring);
        else if (report.kind === 'measured') goOn(options.onMeasured);
        else if (report.kind === 'failed') reject(new Error(`the load generator failed: ${report.error}`));
        else resolve(report.result as ResultOf<Job>);
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        reject(new Error(`the load generator ended with ${String(code ?? signal)}`));
      });
      child.send(options.job);
    });
  } finally {
    child.kill('SIGKILL');
  }
}

function startGenerator({ pinning }: CorePlan): ChildProcess {
  const script = fileURLToPath(new URL('../load-generator.js', import.meta.url));
  if (pinning === undefined) return fork(script);
  return fork(script, {
    execPath: pinning.taskset,
    execArgv: ['-c', String(pinning.load), process.execPath],
  });
}
