import { expect, it } from 'vitest';
import { DISCONNECTS_PER_READ_MAX } from '../../src/disconnect-store.ts';
import type { MessageStore } from '../../src/message-store.ts';
import { type ContractDatabase, newTarget } from '../support/contract-database.ts';

/** SEC-5 and SEC-6, as far as every kind answers for them. */
export function describeDisconnects(store: () => MessageStore, database: () => ContractDatabase): void {
  const readOne = async (clientId: string) =>
    (await store().readDisconnects([clientId])).disconnects.get(clientId);

  it('[SEC-5] a disconnect gets a higher position, which replaces the earlier one of its client', async () => {
    const [one, other, nobody] = [newTarget(), newTarget(), newTarget()];
    const disconnect = (clientId: string) => store().disconnect({ clientId, refuseTokens: false });
    const { head } = await store().readDisconnects([]);
    const positions = [await disconnect(one), await disconnect(other), await disconnect(one)].map(
      ({ position }) => position,
    );
    const [first = 0, second = 0, third = 0] = positions;
    expect([head, ...positions]).toEqual([...new Set([head, ...positions])].sort((a, b) => a - b));
    expect((await store().readDisconnectsAfter(first)).head).toBe(third);
    const expected = [
      [other, { position: second, tokensRefusedUpTo: undefined }],
      [one, { position: third, tokensRefusedUpTo: undefined }],
    ] as const;
    expect(await store().readDisconnects([nobody, one, other])).toEqual({
      head: third,
      disconnects: new Map(expected),
    });
    const after = await store().readDisconnectsAfter(head);
    expect([...after.disconnects]).toEqual(expected);
    expect(await store().readDisconnectsAfter(third)).toEqual({ head: third, disconnects: new Map() });
  });

  it('[SEC-5] a position grows with the clock, so that one that was lost is never given again', async () => {
    const { position } = await store().disconnect({ clientId: newTarget(), refuseTokens: false });
    expect(Math.abs(position / 1_000 - Date.now())).toBeLessThan(60_000);
    expect(Number.isSafeInteger(position)).toBe(true);
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
    const seen: number[] = [];
    const given: number[] = [];
    const reader = (async () => {
      while (seen.length < 80) {
        const { disconnects } = await store().readDisconnectsAfter(cursor);
        for (const { position } of disconnects.values()) {
          seen.push(position);
          cursor = position;
        }
      }
    })();
    await Promise.all(
      writers.map(async (writer) => {
        for (let turn = 0; turn < 20; turn += 1) {
          const request = { clientId: newTarget(), refuseTokens: turn % 2 === 0 };
          given.push((await writer.disconnect(request)).position);
        }
      }),
    );
    await reader;
    await second.close();
    expect(seen).toEqual(given.sort((a, b) => a - b));
  });
}
