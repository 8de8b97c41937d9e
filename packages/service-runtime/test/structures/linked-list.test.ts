import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LinkedList, type ListEntry } from '../../src/structures/linked-list.ts';

it('holds what a Set would hold, in the same order', () => {
  const step = fc.oneof(
    fc.constant({ kind: 'add' as const }),
    fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const list = new LinkedList<number>();
      const model = new Set<number>();
      const entries: ListEntry<number>[] = [];
      for (const one of steps) {
        if (one.kind === 'add') {
          model.add(entries.length);
          entries.push(list.add(entries.length));
        } else {
          const entry = entries[one.which % Math.max(entries.length, 1)];
          if (entry !== undefined) expect(list.remove(entry)).toBe(model.delete(entry.item));
        }
        expect([...list]).toEqual([...model]);
        expect(list.size).toBe(model.size);
        expect(list.first).toBe([...model][0]);
      }
    }),
  );
});

it('removes nothing by an entry of another list', () => {
  const [list, other] = [new LinkedList<string>(), new LinkedList<string>()];
  const entry = other.add('a');
  list.add('b');
  expect(list.remove(entry)).toBe(false);
  expect([...other, ...list]).toEqual(['a', 'b']);
});

it('lets the item at hand be removed', () => {
  const list = new LinkedList<number>();
  const entries = new Map([1, 2, 3].map((item) => [item, list.add(item)]));
  const seen: number[] = [];
  for (const item of list) {
    seen.push(item);
    const entry = entries.get(item);
    if (entry !== undefined) list.remove(entry);
  }
  expect(seen).toEqual([1, 2, 3]);
  expect([...list]).toEqual([]);
});
