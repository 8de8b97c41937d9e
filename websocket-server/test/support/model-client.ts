import { expect } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { ModelSocket } from './model-socket.ts';
import type { ModelStore } from './model-store.ts';

interface Frame {
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * A client that holds every frame it gets against the specification, at the moment it gets it: offsets go up by
 * exactly one, each message is the one that the log of that epoch has there, and only what was deleted is skipped.
 */
export class ModelClient {
  readonly clientId: string;
  readonly socket: ModelSocket;
  connection: Connection | undefined;
  epoch: string | undefined;
  /** The last offset that was received or told to be gone; undefined before `identified`. */
  cursor: number | undefined;
  /** Where the relay said that the stream goes on. */
  start: number | undefined;
  #checked = 0;

  constructor(clientId: string, capacity: number) {
    this.clientId = clientId;
    this.socket = new ModelSocket(capacity);
  }

  /** Looks at what came since the last call. */
  check(store: ModelStore): void {
    for (const text of this.socket.sent.slice(this.#checked)) this.#onFrame(JSON.parse(text) as Frame, store);
    this.#checked = this.socket.sent.length;
  }

  #onFrame(frame: Frame, store: ModelStore): void {
    switch (frame.type) {
      case 'identified':
        return this.#onIdentified(frame);
      case 'new_message':
        return this.#onMessage(frame, store);
      case 'truncated':
        return this.#onTruncated(frame, store);
      default:
        expect(frame).toMatchObject({ type: 'error', code: 'log_restarted' });
    }
  }

  #onIdentified(frame: Frame): void {
    expect(this.cursor).toBeUndefined();
    this.epoch = String(frame['epoch']);
    const targets = frame['targets'] as Record<string, { offset: number }>;
    expect(Object.keys(targets)).toEqual([this.clientId]);
    this.start = targets[this.clientId]?.offset;
    this.cursor = this.start;
  }

  #onMessage(frame: Frame, store: ModelStore): void {
    const next = (this.cursor ?? Number.NaN) + 1;
    expect(frame).toMatchObject({ targetId: this.clientId, epoch: this.epoch, offset: next });
    // Retention may have deleted it after it was read, but nothing else may stand in its place.
    expect([frame['data'], undefined]).toContain(
      store.messageAt(String(frame['epoch']), this.clientId, next),
    );
    this.cursor = next;
  }

  #onTruncated(frame: Frame, store: ModelStore): void {
    const { from, to } = frame as unknown as { from: number; to: number };
    expect(frame).toMatchObject({ targetId: this.clientId, from: (this.cursor ?? Number.NaN) + 1 });
    expect(to).toBeGreaterThanOrEqual(from);
    for (let offset = from; offset <= to; offset += 1) {
      expect(store.messageAt(this.epoch ?? '', this.clientId, offset)).toBeUndefined();
    }
    this.cursor = to;
  }
}
