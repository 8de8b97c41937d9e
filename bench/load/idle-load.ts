import { setTimeout as sleep } from 'node:timers/promises';
import type { IdleJob, IdleResult, MeasureSignals } from './load-job.ts';
import { connectRecipient, forEachNumber } from './recipients.ts';

const HANDSHAKES_AT_ONCE_MAX = 64;
/** Time until the relay has released the closed connections and their feeds. */
const FORGET_MS = 8_000;

/** Opens connections, each with its own id, and leaves them idle for a while. */
export async function runIdleLoad(job: IdleJob, signals: MeasureSignals): Promise<IdleResult> {
  const warmUp = await openAll(job, 'warm-up', job.warmUpConnections);
  warmUp.close();
  await sleep(FORGET_MS);

  await signals.begin();
  const start = performance.now();
  const idle = await openAll(job, 'client', job.connections);
  const openingMs = performance.now() - start;
  await sleep(job.idleSeconds * 1_000);
  await signals.end();
  idle.close();
  return { faults: [...warmUp.faults, ...idle.faults], openingMs };
}

interface OpenConnections {
  readonly faults: readonly string[];
  readonly close: () => void;
}

async function openAll({ system }: IdleJob, label: string, count: number): Promise<OpenConnections> {
  const faults: string[] = [];
  let closing = false;
  const sockets: { close: () => void }[] = [];
  await forEachNumber(count, HANDSHAKES_AT_ONCE_MAX, async (index) => {
    const socket = await connectRecipient({
      system,
      clientId: `${label}-${index}`,
      onIdentified: () => undefined,
      onMessage: (frame) => faults.push(`an idle client got ${JSON.stringify(frame)}`),
      onFault: (what) => {
        if (!closing) faults.push(what);
      },
    });
    sockets.push(socket);
  });
  return {
    faults,
    close: () => {
      closing = true;
      for (const socket of sockets) socket.close();
    },
  };
}
