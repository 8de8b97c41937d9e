import {
  type DeviceOpening,
  DEVICES_PER_OPEN_MAX,
  type LogPosition,
  type MessageStore,
} from '@postline/message-store';
import { BatchedReader } from '@postline/service-runtime';

/** Where a device stopped, by target. */
export type DevicePositions = ReadonlyMap<string, LogPosition>;

/**
 * Reads where devices stopped, and stores a baseline for those that never acked. When a relay has died, all of its
 * devices come at once: they share statements, and clients take turns in them, so that a client with a thousand devices
 * keeps nobody waiting for more than one. The connections that identify bound how many wait.
 */
export class DeviceOpener extends BatchedReader<DevicePositions, DeviceOpening> {
  constructor(store: Pick<MessageStore, 'openDevices'>) {
    super({
      keysMax: DEVICES_PER_OPEN_MAX,
      parallelReadsMax: 1,
      askerOf: ({ clientId }) => clientId,
      readBatch: async (openings) => {
        const devices = await store.openDevices(openings);
        const positions = new Map(openings.map((opening, index) => [opening, devices[index]]));
        return (opening) => positions.get(opening) ?? new Map();
      },
    });
  }
}
