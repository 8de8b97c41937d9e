import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const OUTPUT_CHARACTERS_KEPT = 200_000;

const running = new Set<ChildProcess>();
const killRunning = () => {
  for (const child of running) child.kill('SIGKILL');
};
process.once('exit', killRunning);
// A signal ends a process without that event, and children outlive it.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => {
    killRunning();
    process.kill(process.pid, name); // with this handler gone it does what it would have done
  });
}

export interface StartedProcess {
  readonly pid: number;
  /** Standard output and error together; the last 200,000 characters. */
  readonly output: () => string;
  /** True once it has ended. */
  readonly hasEnded: () => boolean;
  /** Sends a signal without waiting. SIGSTOP freezes it, SIGCONT lets it go on. */
  readonly signal: (name: NodeJS.Signals) => void;
  /** Resolves with the exit code (or the signal's name) once it has ended. */
  ended: Promise<number | string>;
  /** Sends the signal (by default SIGTERM) and waits for the end. */
  readonly end: (name?: NodeJS.Signals) => Promise<number | string>;
}

export interface ProcessToStart {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** Starts a program; it is killed at the latest when the test process ends. */
export function startProcess({ command, args, env, cwd }: ProcessToStart): StartedProcess {
  const child = spawn(command, args, { env: env ?? process.env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_CHARACTERS_KEPT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
    running.delete(child);
    return (code ?? signal) as number | string;
  });
  return {
    pid: child.pid ?? -1,
    output: () => output,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    signal: (name) => {
      child.kill(name);
    },
    ended,
    end: (name = 'SIGTERM') => {
      child.kill(name);
      if (name !== 'SIGSTOP') child.kill('SIGCONT'); // a frozen process can't end
      return ended;
    },
  };
}
