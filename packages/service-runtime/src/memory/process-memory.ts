import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { z } from 'zod';
import { optionalIntegerSetting } from '../settings/settings.ts';

const MIB = 1024 * 1024;

/** Heap of a service's own objects and code, with the young generation, which counts towards V8's limit. */
const HEAP_BASE_BYTES = 80 * MIB;
/** Memory of a Node process outside its heap: the program itself, stacks, buffers of drivers and sockets. */
const OUTSIDE_BASE_BYTES = 96 * MIB;
/** The heap's share of a limit on the whole process; the rest is for buffers outside the heap. */
const HEAP_SHARE_OF_LIMIT = 2 / 3;
/** The rest of the heap is for temporary objects and garbage. */
const HELD_SHARE_DEFAULT = 1 / 2;
/** Beyond it garbage collection cannot keep up, whatever is configured. */
const HELD_SHARE_MAX = 3 / 4;
/** More is of no use: a process that holds this much is limited by something else. */
const HELD_DEFAULT_MAX_BYTES = 256 * MIB;

/** The limits of a process. */
export interface ProcessMemory {
  /** V8's limit on the heap in bytes (`--max-old-space-size`, or Node's default). */
  readonly heapBytes: number;
  /** Limit on the whole process in bytes: the container's limit, or the machine's memory. */
  readonly limitBytes: number;
}

/** The limits of this process. Workers share a container, so each has its part. */
export function readProcessMemory(processCount = 1): ProcessMemory {
  const constrained = process.constrainedMemory();
  const machineBytes = totalmem();
  const limitBytes = constrained > 0 ? Math.min(constrained, machineBytes) : machineBytes;
  return { heapBytes: getHeapStatistics().heap_size_limit, limitBytes: limitBytes / processCount };
}

/** The most that a process can hold for clients, in bytes; 0 if it cannot even hold itself. */
export function holdableBytes(memory: ProcessMemory): number {
  return Math.floor(roomBytes(memory) * HELD_SHARE_MAX);
}

/** The default of what it holds for clients, in bytes. */
export function defaultHeldBytes(memory: ProcessMemory): number {
  return Math.min(HELD_DEFAULT_MAX_BYTES, Math.floor(roomBytes(memory) * HELD_SHARE_DEFAULT));
}

function roomBytes({ heapBytes, limitBytes }: ProcessMemory): number {
  const heapMax = (limitBytes - OUTSIDE_BASE_BYTES) * HEAP_SHARE_OF_LIMIT;
  return Math.max(0, Math.min(heapBytes, heapMax) - HEAP_BASE_BYTES);
}

/** The bound on everything that a process holds for clients. */
export const memorySettings = {
  HELD_BYTES_MAX: optionalIntegerSetting({ from: 1 * MIB, to: 1024 * 1024 * MIB }).meta({
    description:
      'Bytes that each process holds for clients at once: bodies, waiting publishes, pages, frames. Default: derived from the heap and the memory limit, 256 MiB at most.',
  }),
};

/** The bound on held bytes: configured, or derived. */
export function heldBytesMax(configured: number | undefined, memory = readProcessMemory()): number {
  return configured ?? defaultHeldBytes(memory);
}

interface SumCheck {
  /** Variables that bound held bytes: none may exceed what the process can hold. */
  readonly sums: readonly string[];
  /**
   * Variables that bound one item, each with its size in memory as a multiple of the variable: it must fit the whole
   * bound.
   */
  readonly pieces: Readonly<Record<string, number>>;
  readonly memory?: ProcessMemory;
}

/** Refuses bounds that this process cannot hold, instead of running out of memory later. For `superRefine`. */
export function checkMemory({ sums, pieces, memory }: SumCheck) {
  return (settings: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void => {
    const { WORKERS: processCount } = settings;
    const has = memory ?? readProcessMemory(typeof processCount === 'number' ? processCount : 1);
    const holdable = holdableBytes(has);
    const held = numberOf(settings['HELD_BYTES_MAX']) ?? defaultHeldBytes(has);
    const refuse = (name: string, bound: string) => {
      const heap = `a heap of ${Math.floor(has.heapBytes / MIB)} MiB within ${Math.floor(has.limitBytes / MIB)} MiB`;
      const message = `must be at most ${bound}, with ${heap} (NODE_OPTIONS=--max-old-space-size=… sets the heap)`;
      context.addIssue({ code: 'custom', path: [name], message });
    };
    for (const name of ['HELD_BYTES_MAX', ...sums]) {
      if ((numberOf(settings[name]) ?? 0) > holdable) refuse(name, `${holdable}`);
    }
    for (const [name, factor] of Object.entries(pieces)) {
      const pieceMax = Math.floor(held / factor);
      if ((numberOf(settings[name]) ?? 0) > pieceMax) {
        refuse(name, `${pieceMax}, because the process may hold ${held} bytes for clients (HELD_BYTES_MAX)`);
      }
    }
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
