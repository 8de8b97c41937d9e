import { Gauge, type Registry } from 'prom-client';
import type { MemoryBudget } from '../memory/memory-budget.ts';

/** Shows what a process holds for its clients, and its bound. */
export function showMemory(registry: Registry, memory: Pick<MemoryBudget, 'bytes' | 'bytesMax'>): void {
  new Gauge({
    name: 'postline_held_bytes',
    help: 'Bytes that the process holds for clients: bodies, pages, waiting frames.',
    registers: [registry],
    collect() {
      this.set(memory.bytes);
    },
  });
  new Gauge({
    name: 'postline_held_limit_bytes',
    help: 'Bound of postline_held_bytes; beyond it clients are refused or disconnected.',
    registers: [registry],
    collect() {
      this.set(memory.bytesMax);
    },
  });
}
