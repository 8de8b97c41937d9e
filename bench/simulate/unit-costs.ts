/** What one piece of work costs one process, as `npm run bench -- unit-costs` measured it. */

/** Every figure that the model needs, with its unit and meaning. `Us` are microseconds of CPU. */
export const UNIT_COST_MEANINGS = {
  apiRequestUs: 'the API: a request, without its messages',
  apiMessageUs: 'the API: a message',
  apiCommitUs: 'the API: a commit, without its messages',
  apiIdleUs: 'the API: a second without any work, for each process',
  databaseMessageUs: 'the database: a message',
  databaseCommitUs: 'the database: a commit, without its messages',
  databaseHeadUs: 'the database: a head that a relay compares',
  databaseAckUs: 'the database: an ack that is stored',
  databaseIdentifyUs: 'the database: a client that identifies',
  databaseBacklogUs: 'the database: a missed message that a relay reads',
  databaseIdleUs: 'the database: a second of one service process that has nothing to do',
  relayHintUs: 'the relay: a hint',
  relayBurstUs: 'the relay: the hints of a commit, which arrive together, however many they are',
  relayWriteUs: 'the relay: a write to a socket',
  relayHeadUs: 'the relay: a head that it compares',
  relayHeartbeatUs: 'the relay: a heartbeat, with its ping and pong',
  relayAckUs: 'the relay: an ack, until it is stored',
  relayIdentifyUs: 'the relay: a client that connects and identifies',
  relayBacklogUs: 'the relay: a missed message that it reads and sends',
  relayIdleUs: 'the relay: a second without any connection, for each process',
  redisHintUs: 'Redis: a hint',
  redisCommitUs: 'Redis: the hints of a commit, which it receives together, however many they are',
  redisWriteUs: 'Redis: the hints of a commit that it passes on to one relay, up to 64',
  commitMs: 'milliseconds that a small commit takes',
  relayBaseKib: 'KiB that a relay without connections takes',
  relayConnectionKib: 'KiB that an idle connection takes in the relay (without the buffers of the kernel)',
  redisSubscriptionBytes: 'bytes that a followed target takes in Redis',
  storedBytes: 'bytes that a message of 64 bytes takes in the files of the database, indexes included',
  logBytes: 'bytes that a message of 64 bytes adds to the redo log, in small commits',
} as const;

type UnitCostName = keyof typeof UNIT_COST_MEANINGS;
export type UnitCosts = Readonly<Record<UnitCostName, number>>;

/** Where the figures are from. */
export interface Provenance {
  readonly date: string;
  /** The commit whose services were measured. */
  readonly commit: string;
  readonly command: string;
  readonly machine: string;
}

export interface UnitCostFile {
  readonly measured: Provenance;
  readonly costs: UnitCosts;
}

/** Reads the text of `unit-costs.json`; throws an Error that names each figure that is missing or no cost. */
export function parseUnitCosts(text: string): UnitCostFile {
  const file = JSON.parse(text) as { readonly measured?: Partial<Provenance>; readonly costs?: object };
  const faults: string[] = [];
  const measured = { date: '', commit: '', command: '', machine: '', ...file.measured };
  for (const [name, value] of Object.entries(measured)) if (value === '') faults.push(`measured.${name}`);
  const found = new Map<string, unknown>(Object.entries(file.costs ?? {}));
  const names = Object.keys(UNIT_COST_MEANINGS) as UnitCostName[];
  const costs = Object.fromEntries(names.map((name) => [name, Number(found.get(name))]));
  for (const name of names) {
    const cost = costs[name];
    if (cost === undefined || !Number.isFinite(cost) || cost < 0) faults.push(`costs.${name}`);
  }
  for (const name of found.keys())
    if (!(name in UNIT_COST_MEANINGS)) faults.push(`costs.${name} (not known)`);
  if (faults.length > 0) throw new Error(`the unit costs are not complete: ${faults.join(', ')}`);
  return { measured, costs: costs as UnitCosts };
}
