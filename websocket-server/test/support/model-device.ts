import { expect } from 'vitest';
import type { ModelClient } from './model-client.ts';

interface Place {
  readonly epoch: string;
  readonly offset: number;
}

/**
 * A device that remembers nothing, seen from outside: what it acked, or where it first began, is where it must go on.
 * Only after a new epoch may it go on earlier.
 */
export class ModelDevice {
  readonly clientId: string;
  /** Its connection, while it has one. */
  client: ModelClient | undefined;
  /** Times that it went on from something. */
  comebacks = 0;
  #expected: Place | undefined;
  #start: Place | undefined;

  constructor(clientId: string) {
    this.clientId = clientId;
  }

  /** It comes, on this connection. */
  connect(client: ModelClient): void {
    this.client = client;
    this.#start = undefined;
  }

  /** Looks at where its stream begins, once the relay has said it. */
  check(): void {
    const { start, epoch } = this.client ?? {};
    if (this.#start !== undefined || start === undefined || epoch === undefined) return;
    this.#start = { epoch, offset: start };
    const expected = this.#expected;
    if (expected === undefined) {
      this.#expected = this.#start;
      return;
    }
    this.comebacks += 1;
    if (expected.epoch === epoch) expect(start).toBe(expected.offset);
    else expect(start).toBeLessThanOrEqual(expected.offset);
  }

  /** Acks a part of what it got on this connection; `epochNow` is the database's, whatever the device knows. */
  ack(share: number, epochNow: string): void {
    this.check();
    const { socket, connection, cursor, epoch } = this.client ?? {};
    if (this.#start === undefined || cursor === undefined || epoch === undefined) return;
    if (socket?.isOpen !== true || connection === undefined || epoch !== epochNow) return;
    const offset = this.#start.offset + Math.floor((cursor - this.#start.offset) * share);
    connection.onText(JSON.stringify({ type: 'ack', offset }));
    const before = this.#expected;
    const isHigher = before?.epoch !== epoch || before.offset < offset;
    if (isHigher) this.#expected = { epoch, offset };
  }
}
