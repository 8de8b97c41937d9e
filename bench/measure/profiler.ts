import { writeFile } from 'node:fs/promises';
import { openWebSocket } from '../load/websocket-connection.ts';
import type { CpuProfile } from './cpu-profile.ts';

/** Finer than the default of 1 ms: most functions of interest run for a few microseconds. */
const SAMPLING_INTERVAL_US = 250;

/** A CPU profile that is being recorded. */
export interface Recording {
  /** Ends it, writes it where the browser's developer tools can open it, and gives it back. */
  readonly stop: (file: string) => Promise<CpuProfile>;
}

/** Records the CPU profile of a Node process that was started with `--inspect=127.0.0.1:<port>`. */
export async function startProfiler(inspectorPort: number): Promise<Recording> {
  const response = await fetch(`http://127.0.0.1:${inspectorPort}/json/list`);
  const [target] = (await response.json()) as { webSocketDebuggerUrl: string }[];
  if (target === undefined) throw new Error('the inspector names no target');

  const waiting = new Map<number, (result: unknown) => void>();
  const socket = await openWebSocket(target.webSocketDebuggerUrl, {
    onText: (text) => {
      const { id, result } = JSON.parse(text) as { id: number; result: unknown };
      waiting.get(id)?.(result);
    },
  });
  let lastId = 0;
  const call = (method: string, params: object = {}): Promise<unknown> => {
    lastId += 1;
    socket.send(JSON.stringify({ id: lastId, method, params }));
    return new Promise((resolve) => {
      waiting.set(lastId, resolve);
    });
  };
  await call('Profiler.enable');
  await call('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US });
  await call('Profiler.start');
  return {
    stop: async (file) => {
      const { profile } = (await call('Profiler.stop')) as { profile: CpuProfile };
      socket.close();
      await writeFile(file, JSON.stringify(profile));
      return profile;
    },
  };
}
