import type { Disconnects } from '../../src/control/disconnects.ts';

/** Nobody was ever disconnected by the API. */
export const NEVER_DISCONNECTED: Pick<Disconnects, 'read'> = {
  read: () => Promise.resolve({ head: 0, latest: undefined }),
};
