import { MemoryBudget } from '@postline/service-runtime';
import { SocketQueues } from '../../src/socket/socket-queues.ts';

/** Room for everything that a test sends, unless it says how much there is. */
export function roomyQueues(bytesMax = 1024 * 1024 * 1024): SocketQueues {
  return new SocketQueues({ budget: new MemoryBudget({ bytesMax }), bytesMax });
}
