import { expect, it } from 'vitest';
import { DISCONNECTS_PER_READ_MAX } from '../src/disconnect-store.ts';
import type { MessageStore } from '../src/message-store.ts';
import { type ContractDatabase, newTarget } from './contract-database.ts';

/** SEC-5 and SEC-6, as far as every kind answers for them. */
export function describeDisconnects(store: () => MessageStore, database: () => ContractDatabase): void {
  const readOne = async (clientId: string) =>
    (await store().readDisconnects([clientId])).disconnects.get(clientId);

  it('[SEC-5] a disconnect gets the next position, which replaces the earlier one of its client', async () => {
    const [one, other, nobody] = [newTarget(), newTarget(), newTarget()];
    const { head } = await store().readDisconnects([]);
    expect(await store().disconnect({ clientId: one, refuseTokens: false })).toEqual({
      position: head + 1,
      tokensRefusedUpTo: undefined,
    });
    await store().disconnect({ clientId: other, refuseTokens: false });
    await store().disconnect({ clientId: one, refuseTokens: false });
    const expected = [
      [other, { position: head + 2, tokensRefusedUpTo: undefined }],
      [one, { position: head + 3, tokensRefusedUpTo: undefined }],
    ] as const;
    expect(await store().readDisconnects([nobody, one, other])).toEqual({
      head: head + 3,
      disconnects: new Map(expected),
    });
    const after = await store().readDisconnectsAfter(head);
    expect([...after.disconnects]).toEqual(expected);
    expect(await store().readDisconnectsAfter(head + 3)).toEqual({ head: head + 3, disconnects: new Map() });
  });

  it('[SEC-6] refuses the tokens issued up to now where that is asked, and never fewer later', async () => {
    const clientId = newTarget();
    const before = Date.now();
    const first = await store().disconnect({ clientId, refuseTokens: true });
    expect(Math.abs(Number(first.tokensRefusedUpTo) - before)).toBeLessThan(5_000);
    expect(await readOne(clientId)).toEqual(first);
    const second = await store().disconnect({ clientId, refuseTokens: false });
    expect(second.tokensRefusedUpTo).toBe(first.tokensRefusedUpTo);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const third = await store().disconnect({ clientId, refuseTokens: true });
    expect(third.tokensRefusedUpTo).toBeGreaterThan(Number(first.tokensRefusedUpTo));
  });

  it('[LOG-5] [SEC-5] disconnects one client, and none that looks like it', async () => {
    const clientId = `Bob-${newTarget()}`;
    await store().disconnect({ clientId, refuseTokens: true });
    const alike = [clientId.toLowerCase(), clientId.toUpperCase(), `${clientId}0`, clientId.slice(0, -1)];
    expect((await store().readDisconnects(alike)).disconnects.size).toBe(0);
    for (const wrong of ['a b', '', 'bób', `${clientId} `]) {
      await expect(store().disconnect({ clientId: wrong, refuseTokens: true })).rejects.toThrow(RangeError);
      await expect(store().readDisconnects([wrong])).rejects.toThrow(RangeError);
    }
    const many = Array.from({ length: DISCONNECTS_PER_READ_MAX + 1 }, () => clientId);
    await expect(store().readDisconnects(many)).rejects.toThrow(RangeError);
  });

  it('[SEC-5] whoever has seen a position has seen all before it, whatever the number of writers', async () => {
    const second = await database().openStore();
    const writers = [store(), second, store(), second];
    let { head: cursor } = await store().readDisconnects([]);
    const start = cursor;
    const seen = new Set<number>();
    const reader = (async () => {
      while (seen.size < 80) {
        const { disconnects } = await store().readDisconnectsAfter(cursor);
        for (const { position } of disconnects.values()) {
          seen.add(position);
          cursor = position;
        }
      }
    })();
    await Promise.all(
      writers.map(async (writer) => {
        for (let turn = 0; turn < 20; turn += 1) {
          await writer.disconnect({ clientId: newTarget(), refuseTokens: turn % 2 === 0 });
        }
      }),
    );
    await reader;
    await second.close();
    expect([...seen]).toEqual(Array.from({ length: 80 }, (_, index) => start + index + 1));
  });
}
