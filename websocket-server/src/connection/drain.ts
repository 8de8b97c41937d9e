import { CLOSE_CODES } from '@postline/protocol';
import { partsOf, pause } from '@postline/service-runtime';
import type { ConnectionRegistry } from './connection-registry.ts';

/** Time between two groups of sockets that are closed together. */
const DRAIN_STEP_MS = 50;
/** A few connections need no spreading: each socket adds at most this much to the drain. */
const DRAIN_MS_PER_CONNECTION = 10;
/** Time for the last closed socket to answer its close frame. */
const DRAIN_LAST_ANSWER_MS = 2_500;

/** Closes every socket with 1001, spread over time so that the clients do not all reconnect at once. */
export async function drain(connections: ConnectionRegistry, drainMs: number): Promise<void> {
  const open = connections.startDraining();
  const spreadMs = Math.min(drainMs, open.length * DRAIN_MS_PER_CONNECTION);
  const perStep = Math.ceil((open.length * DRAIN_STEP_MS) / Math.max(spreadMs, DRAIN_STEP_MS));
  for (const part of partsOf(open, perStep)) {
    for (const { socket } of part) socket.close(CLOSE_CODES.draining, 'the relay is going away');
    await pause(DRAIN_STEP_MS);
  }

  const end = performance.now() + DRAIN_LAST_ANSWER_MS;
  while (connections.size > 0 && performance.now() < end) await pause(DRAIN_STEP_MS);
  for (const { socket } of open) socket.terminate();
}
