import type { RowMark } from '@postline/protocol';
import { ModelBus } from './model-bus.ts';
import { connectionOn } from './model-host.ts';
import { createModelRelay } from './model-relay.ts';
import { ModelStore } from './model-store.ts';
import { TEST_SETTINGS } from './relay-settings.ts';

/** How a client may say where it stopped. */
type ResumeOf1 =
  | 'last-ack'
  | 'start'
  | { readonly last: number }
  | {
      readonly epoch: string;
      readonly offsets: Readonly<Record<string, number>>;
      readonly at?: Readonly<Record<string, RowMark>>;
    };

/** A modelled relay, and clients that identify as 1. */
export function createIdentifyWorld() {
  const store = new ModelStore();
  const bus = new ModelBus();
  const { feeds, failures, host } = createModelRelay({ store, bus }, TEST_SETTINGS);

  function connect(resume?: ResumeOf1, deviceId?: string) {
    const made = connectionOn(host);
    made.connection.onText(JSON.stringify({ type: 'identify', clientId: 1, deviceId, resume }));
    return made;
  }

  return { store, bus, feeds, failures, connect };
}
