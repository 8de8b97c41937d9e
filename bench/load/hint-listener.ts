import { Redis } from 'ioredis';
import type { DeliveryLedger } from './delivery-ledger.ts';

/** Listens to all hints beside the relay, so that it can be told when each was published. */
export async function listenToHints(url: string, ledger: DeliveryLedger): Promise<{ close: () => void }> {
  const redis = new Redis(url);
  redis.on('pmessage', (_pattern: string, _channel: string, payload: string) => {
    const now = performance.now();
    if (payload.startsWith('{')) ledger.hint((JSON.parse(payload) as { data?: unknown }).data, now);
  });
  await redis.psubscribe('updates:*');
  return {
    close: () => {
      redis.disconnect();
    },
  };
}
