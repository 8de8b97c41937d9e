import type { SystemUnderLoad } from '../load/load-job.ts';
import type { MeasuredSystem } from '../system/measured-system.ts';
import { isPeer } from '../system/peer-systems.ts';

/** What the load generator needs to know of a system. */
export function systemUnderLoad({ kind, apiUrl, relayUrl }: MeasuredSystem): SystemUnderLoad {
  const isSocketIo = kind === 'socket.io' || kind === 'socket.io + row';
  return { apiUrl, relayUrl, protocol: isSocketIo ? 'socket.io' : 'postline', hasOffsets: !isPeer(kind) };
}
