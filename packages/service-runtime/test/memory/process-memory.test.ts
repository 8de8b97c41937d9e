import { expect, it } from 'vitest';
import { z } from 'zod';
import {
  checkMemory,
  defaultHeldBytes,
  heldBytesMax,
  holdableBytes,
  memorySettings,
  readProcessMemory,
} from '../../src/memory/process-memory.ts';
import { integerSetting, readSettings, SettingsError } from '../../src/settings/settings.ts';

const MIB = 1024 * 1024;

/** Heaps as Node 20 makes them: a quarter of the container's limit, and 48 MiB for young objects. */
const CONTAINERS = [
  { limit: 512, heap: 176 },
  { limit: 1_024, heap: 304 },
  { limit: 4_096, heap: 1_072 },
  { limit: 24_576, heap: 4_144 },
];

it.each(CONTAINERS)(
  '[MEM-2] within $limit MiB the default leaves the heap room to work',
  ({ limit, heap }) => {
    const memory = { heapBytes: heap * MIB, limitBytes: limit * MIB };
    const held = defaultHeldBytes(memory);
    expect(held).toBeGreaterThanOrEqual(32 * MIB);
    expect(held).toBeLessThanOrEqual(Math.min(256 * MIB, (memory.heapBytes - 80 * MIB) / 2));
    expect(held).toBeLessThanOrEqual(holdableBytes(memory));
    expect(heldBytesMax(undefined, memory)).toBe(held);
    expect(heldBytesMax(MIB, memory)).toBe(MIB);
  },
);

it('[MEM-2] a heap that a container can not hold counts as what the container holds', () => {
  const honest = defaultHeldBytes({ heapBytes: 304 * MIB, limitBytes: 512 * MIB });
  expect(defaultHeldBytes({ heapBytes: 4_144 * MIB, limitBytes: 512 * MIB })).toBeLessThan(120 * MIB);
  expect(honest).toBeLessThan(120 * MIB);
  expect(defaultHeldBytes({ heapBytes: 50 * MIB, limitBytes: 512 * MIB })).toBe(0);
});

it('knows what this process may take', () => {
  const { heapBytes, limitBytes } = readProcessMemory();
  expect(heapBytes).toBeGreaterThan(16 * MIB);
  expect(limitBytes).toBeGreaterThan(64 * MIB);
  expect(readProcessMemory(4).limitBytes).toBe(limitBytes / 4);
});

const schema = z
  .object({
    ...memorySettings,
    BODIES: integerSetting({ from: 1, to: 1_000_000_000_000, default: 1 }),
    ONE_BODY: integerSetting({ from: 1, to: 1_000_000_000_000, default: 8 * MIB }),
  })
  .superRefine(
    checkMemory({
      sums: ['BODIES'],
      pieces: { ONE_BODY: 2 },
      memory: { heapBytes: 176 * MIB, limitBytes: 1_024 * MIB },
    }),
  );

it('[MEM-3] refuses sums that the heap can not hold, and pieces that the sum can not', () => {
  expect(readSettings(schema, { HELD_BYTES_MAX: String(60 * MIB) }).HELD_BYTES_MAX).toBe(60 * MIB);
  const refused = (env: Record<string, string>) => {
    try {
      readSettings(schema, env);
    } catch (error) {
      return error instanceof SettingsError ? error.lines : [];
    }
    return [];
  };
  expect(refused({ HELD_BYTES_MAX: String(128 * MIB), BODIES: String(129 * MIB) })).toEqual([
    expect.stringMatching(
      /^HELD_BYTES_MAX: must be at most 75497472, with a heap of 176 MiB within 1024 MiB/,
    ),
    expect.stringMatching(/^BODIES: must be at most 75497472/),
  ]);
  expect(refused({ HELD_BYTES_MAX: String(4 * MIB) })).toEqual([
    expect.stringMatching(
      /^ONE_BODY: must be at most 2097152, because the process may hold 4194304 bytes for clients/,
    ),
  ]);
});
