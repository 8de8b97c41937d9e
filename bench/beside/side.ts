import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveryLedger } from '../load/delivery-ledger.ts';
import type { SystemUnderLoad } from '../load/load-job.ts';
import { connectRecipients } from '../load/recipients.ts';
import { prepareSending, untilSettled } from '../load/sending.ts';
import { readCpuMs } from '../measure/processes.ts';
import type { CorePlan } from '../system/cores.ts';
import type { BackingServers, MeasuredSystem, ProcessRole, SystemKind } from '../system/measured-system.ts';
import { startBackingServers } from '../system/postline-system.ts';
import { MESSAGE_BYTES, type PublishingLoad, RECIPIENTS } from '../workloads/measure-publishing.ts';
import { systemUnderLoad } from '../workloads/system-under-load.ts';

/** Until the servers have accepted a slice's connections, and the last system has closed those of its own. */
const OPENED_MS = 200;

/** What one slice of load cost: CPU ms for 1,000 messages, of all servers and of each. */
export interface SliceCost {
  readonly all: number;
  readonly byRole: ReadonlyMap<ProcessRole, number>;
  readonly messagesPerSecond: number;
  /** From sending to arrival, of each message; sorted. */
  readonly arrivalMs: Float64Array;
}

export interface SideOptions {
  readonly name: string;
  readonly kind: SystemKind;
  readonly nodePath: string;
  /** The root of another build. */
  readonly root?: string;
}

/** One of the systems that are compared: it has a database and a Redis of its own, and stays up between its slices. */
export class Side {
  readonly name: string;
  readonly #servers: BackingServers;
  readonly #system: MeasuredSystem;
  readonly #underLoad: SystemUnderLoad;
  readonly #ledger: DeliveryLedger;
  readonly #recipients: { readonly close: () => void };

  private constructor(
    name: string,
    parts: {
      readonly servers: BackingServers;
      readonly system: MeasuredSystem;
      readonly ledger: DeliveryLedger;
      readonly recipients: { readonly close: () => void };
    },
  ) {
    this.name = name;
    this.#servers = parts.servers;
    this.#system = parts.system;
    this.#underLoad = systemUnderLoad(parts.system);
    this.#ledger = parts.ledger;
    this.#recipients = parts.recipients;
  }

  static async start({ name, kind, ...program }: SideOptions, cores: CorePlan): Promise<Side> {
    const servers = await startBackingServers(cores);
    const system = await servers.startSystem(kind, { inspectable: false, ...program });
    const underLoad = systemUnderLoad(system);
    const clientIds = Array.from({ length: RECIPIENTS }, (_, index) => `client-${index}`);
    const ledger = new DeliveryLedger({
      recipients: clientIds,
      messageBytes: MESSAGE_BYTES,
      hasOffsets: underLoad.hasOffsets,
      label: 'side',
    });
    const recipients = await connectRecipients(underLoad, clientIds, ledger);
    return new Side(name, { servers, system, ledger, recipients });
  }

  /** Sends for a while, waits until everything has arrived, and returns what that cost. */
  async slice({ pace, messagesPerRequest }: PublishingLoad, milliseconds: number): Promise<SliceCost> {
    const job = { system: this.#underLoad, messagesPerRequest };
    const begin = await prepareSending(pace, job, this.#ledger);
    await sleep(OPENED_MS);
    const { accepted: acceptedBefore, sent: sentBefore } = this.#ledger;
    const cpuBefore = this.#readCpu();
    const start = performance.now();
    const senders = begin();
    await sleep(milliseconds);
    senders.stop();
    await untilSettled(this.#ledger);
    const seconds = (performance.now() - start) / 1_000;
    senders.close();
    const thousands = (this.#ledger.accepted - acceptedBefore) / 1_000;
    const cpu = this.#readCpu();
    const byRole = new Map(
      [...cpu].map(([role, ms]) => [role, (ms - (cpuBefore.get(role) ?? 0)) / thousands]),
    );
    const all = [...byRole.values()].reduce((sum, ms) => sum + ms, 0);
    const arrivalMs = this.#ledger.arrivalMs(sentBefore, this.#ledger.sent);
    return { all, byRole, messagesPerSecond: (1_000 * thousands) / seconds, arrivalMs };
  }

  /** Each broken promise; empty in a valid comparison. */
  faults(): readonly string[] {
    return this.#ledger.faults().map((fault) => `${this.name}: ${fault}`);
  }

  async stop(): Promise<void> {
    this.#recipients.close();
    await this.#system.stop();
    await this.#servers.stop();
  }

  #readCpu(): Map<ProcessRole, number> {
    return new Map(this.#system.processes.map(({ role, pid }) => [role, readCpuMs(pid)]));
  }
}
