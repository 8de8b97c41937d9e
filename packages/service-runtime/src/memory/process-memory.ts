import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { z } from 'zod';
import { optionalIntegerSetting } from '../settings/settings.ts';

const MIB = 1024 * 1024;

/** What a service's own objects and code take of the heap, with the young generation that V8 counts in its limit. */
const HEAP_BASE_BYTES = 80 * MIB;
/** What a Node process takes beside its heap: the program itself, stacks, buffers of drivers and sockets. */
const OUTSIDE_BASE_BYTES = 96 * MIB;
/** Of a limit on the whole process, so much may be heap; the rest is for bytes that lie outside of it. */
const HEAP_SHARE_OF_LIMIT = 2 / 3;
/** The rest of the heap's room is for what is made and dropped while one thing is worked on, and for garbage. */
const HELD_SHARE_DEFAULT = 1 / 2;
/** Beyond it no collection keeps up, whatever was configured. */
const HELD_SHARE_MAX = 3 / 4;
/** More helps nobody: a process that holds so much has others to send to. */
const HELD_DEFAULT_MAX_BYTES = 256 * MIB;

/** What a process may take. */
export interface ProcessMemory {
  /** Bytes that V8 lets its heap grow to (`--max-old-space-size`, or by Node's own rule). */
  readonly heapBytes: number;
  /** Bytes of the whole process: the container's limit, or the machine's memory. */
  readonly limitBytes: number;
}

/** Of this process. Workers share a container: each has its part. */
export function readProcessMemory(processCount = 1): ProcessMemory {
  const constrained = process.constrainedMemory();
  const machineBytes = totalmem();
  const limitBytes = constrained > 0 ? Math.min(constrained, machineBytes) : machineBytes;
  return { heapBytes: getHeapStatistics().heap_size_limit, limitBytes: limitBytes / processCount };
}

/** What a process can hold for others at the very most, in bytes; 0 where it can't even hold itself. */
export function holdableBytes(memory: ProcessMemory): number {
  return Math.floor(roomBytes(memory) * HELD_SHARE_MAX);
}

/** What it holds unless it is configured otherwise. */
export function defaultHeldBytes(memory: ProcessMemory): number {
  return Math.min(HELD_DEFAULT_MAX_BYTES, Math.floor(roomBytes(memory) * HELD_SHARE_DEFAULT));
}

function roomBytes({ heapBytes, limitBytes }: ProcessMemory): number {
  const heapMax = (limitBytes - OUTSIDE_BASE_BYTES) * HEAP_SHARE_OF_LIMIT;
  return Math.max(0, Math.min(heapBytes, heapMax) - HEAP_BASE_BYTES);
}

/** How much each process holds for others, all in all. */
export const memorySettings = {
  HELD_BYTES_MAX: optionalIntegerSetting({ from: 1 * MIB, to: 1024 * 1024 * MIB }).meta({
    description:
      'Bytes that each process holds for others at once: bodies, publishes that wait, pages, frames. Default: derived from the heap and the memory limit, 256 MiB at most.',
  }),
};

/** The bound on what is held: as configured, or derived. */
export function heldBytesMax(configured: number | undefined, memory = readProcessMemory()): number {
  return configured ?? defaultHeldBytes(memory);
}

interface SumCheck {
  /** Variables that bound bytes held at once: none may exceed what the process can hold. */
  readonly sums: readonly string[];
  /** Variables that bound one thing, with what it takes in memory as a multiple of that: each must fit the whole bound. */
  readonly pieces: Readonly<Record<string, number>>;
  readonly memory?: ProcessMemory;
}

/** Refuses sums that this process can't hold, before it is ended in the middle of its work. For `superRefine`. */
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
        refuse(name, `${pieceMax}, as the process may hold ${held} bytes for others (HELD_BYTES_MAX)`);
      }
    }
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
