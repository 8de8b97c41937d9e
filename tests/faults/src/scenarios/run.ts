import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@postline/test-support';
import { type BackingServers, type Cluster, startCluster } from '../cluster/cluster.ts';
import type { InjectedFaults } from '../faults/run-plan.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { BodyShape } from '../ledger/message-body.ts';
import type { MemberLedger } from '../ledger/member-ledger.ts';
import type { MemberStream } from '../ledger/member-stream.ts';
import type { TargetLedger } from '../ledger/target-ledger.ts';
import { GroupStreams } from '../load/group-streams.ts';
import { createMemberFigures, MemberChanger } from '../load/member-changer.ts';
import { Reader, type ReaderHabits } from '../load/reader.ts';
import { SdkReader } from '../load/sdk-reader.ts';
import { createSendFigures, Sender, type SenderOptions } from '../load/sender.ts';
import { SenderCrowd } from '../load/sender-crowd.ts';
import { createSqlFigures, SqlSender } from '../load/sql-sender.ts';
import { createRandom, type Random } from '../random.ts';
import { auditDatabase, isOutboxEmpty, readAcks, readHeads } from './audit-database.ts';
import type { RunResult } from './run-result.ts';

/**
 * The relay's own comparison finds messages without a hint within 5 s. A reader that was just cut off needs more time.
 */
const SETTLE_MS = 15_000;
const IDENTIFIED_MS = 20_000;
/** Relays collect acks for a quarter of a second. A reader between two connections must reconnect first. */
const ACKS_STORED_MS = 5_000;
/** 4 s without Redis, the longest fault, and the time in which a relay reconnects to its database. */
const LEFT_BOUND_MS = 20_000;
/** The pause between two attempts of one send. */
const RETRY_PAUSE_MS = 800;

export interface RunOptions {
  readonly scenario: string;
  readonly seed: string;
  readonly buildFolder: string;
  readonly servers: BackingServers;
  readonly targets: number;
  /** The number of groups, in addition to the targets. */
  readonly groups?: number;
  /** Milliseconds after which every relay knows that a member left. If omitted 20 s, because of the longest fault. */
  readonly leftBoundMs?: number;
  readonly shape?: BodyShape;
  readonly apis?: number;
  readonly relays?: number;
  readonly withoutProxies?: boolean;
  /** Puts HAProxy in front of the services. */
  readonly isBalanced?: boolean;
  /** For all services. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly relayEnvironment?: Readonly<Record<string, string>>;
  /** Replaces the shared Redis. */
  readonly redisUrl?: string;
  /** Everything that was acknowledged must arrive within this time; 15 s if omitted. */
  readonly settleMs?: number;
}

/** What a scenario works with: a cluster, its ledger, and the load on the cluster. */
export class Run {
  readonly cluster: Cluster;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly readers: Reader[] = [];
  readonly sdkReaders: SdkReader[] = [];
  readonly figures: Record<string, number | string> = {};
  readonly unmet: string[] = [];
  readonly sends = createSendFigures();
  readonly transactions = createSqlFigures();
  readonly memberChanges = createMemberFigures();
  readonly #options: RunOptions;
  readonly #startedAt = performance.now();
  readonly #giveUp = new AbortController();
  #faults: InjectedFaults = { countByKind: new Map(), notInjected: [], notMended: [] };

  constructor(options: RunOptions, cluster: Cluster, ledger: Ledger) {
    this.#options = options;
    this.cluster = cluster;
    this.ledger = ledger;
    this.random = createRandom(options.seed);
  }

  /** Adds a reader of a target. It connects at once. */
  addReader(target: TargetLedger, habits: ReaderHabits = {}, relayUrls = this.cluster.relayUrls): Reader {
    const name = `reader ${this.readers.length + 1} of ${target.targetId}`;
    const ledger = this.ledger.addReader(name, target);
    const groups = habits.deviceId === undefined ? this.#groupsOf(target.targetId, name) : undefined;
    const reader = new Reader({ ledger, relayUrls, random: this.random.fork(name), habits, groups });
    this.readers.push(reader);
    return reader;
  }

  /** Adds a client that may become a member of a group. Its readers must be added after it. */
  addMember(client: TargetLedger, group: TargetLedger): MemberLedger {
    return this.ledger.addMember(client.targetId, group);
  }

  createMemberChanger(member: MemberLedger): MemberChanger {
    const { name } = member;
    return new MemberChanger({
      ...this.senderOptions({ random: this.random.fork(name) }),
      member,
      sql: this.createSqlSender(`transactions about ${name}`),
      figures: this.memberChanges,
    });
  }

  /**
   * Makes the clients join and leave until the returned function is called. That resolves when all changes are
   * answered.
   */
  startMemberChanges(members: readonly MemberLedger[]): () => Promise<void> {
    let isStopped = false;
    const running = members.map((member) => this.createMemberChanger(member).run(() => isStopped));
    return async () => {
      isStopped = true;
      await Promise.all(running);
    };
  }

  /** Adds an application on the client library that reads a target through one relay. It connects at once. */
  addSdkReader(target: TargetLedger, relayUrl: string): SdkReader {
    const name = `application ${this.sdkReaders.length + 1} on ${target.targetId}`;
    const ledger = this.ledger.addReader(name, target);
    const reader = new SdkReader({ ledger, relayUrl, random: this.random.fork(name) });
    this.sdkReaders.push(reader);
    return reader;
  }

  /** Waits until every reader has been identified at least once. */
  async readersIdentified(): Promise<void> {
    const all = () => this.readers.every(({ identifiedCount }) => identifiedCount > 0);
    await waitUntil('every reader is identified', all, IDENTIFIED_MS);
  }

  senderOptions(changes: Partial<SenderOptions> = {}): SenderOptions {
    return {
      apiUrls: this.cluster.apiUrls,
      targets: this.ledger.targets,
      findings: this.ledger.findings,
      figures: this.sends,
      random: this.random.fork('senders'),
      keylessShare: 0,
      batchShare: 0,
      batchMessagesMax: 8,
      retryPauseMs: RETRY_PAUSE_MS,
      giveUp: this.#giveUp.signal,
      isBalanced: this.#options.isBalanced === true,
      ...changes,
    };
  }

  createSender(changes: Partial<SenderOptions> = {}): Sender {
    return new Sender(this.senderOptions(changes));
  }

  startCrowd(crowd: { senders: number; requestsPerSecond?: number } & Partial<SenderOptions>): SenderCrowd {
    return new SenderCrowd({ ...this.senderOptions(crowd), ...crowd });
  }

  createSqlSender(name: string): SqlSender {
    const { database } = this.cluster;
    const { targets, findings } = this.ledger;
    const random = this.random.fork(name);
    return new SqlSender({
      databaseUrl: database.url,
      targets,
      findings,
      figures: this.transactions,
      random,
    });
  }

  /** Starts applications that publish by SQL. The returned function ends them, and resolves when all have ended. */
  startSqlSenders(count: number): () => Promise<void> {
    let isStopped = false;
    const running = Array.from({ length: count }, (_, index) =>
      this.createSqlSender(`sql ${index}`).run(() => isStopped),
    );
    return async () => {
      isStopped = true;
      await Promise.all(running);
    };
  }

  /** Counts a fault that the scenario itself injects. */
  noteFault(name: string): void {
    const { countByKind } = this.#faults;
    countByKind.set(name, (countByKind.get(name) ?? 0) + 1);
  }

  noteFaults(injected: InjectedFaults): void {
    this.#faults = injected;
    for (const text of injected.notMended) this.unmet.push(`a fault could not be mended: ${text}`);
  }

  /** Records a requirement that was not met. */
  require(isMet: boolean, text: string): void {
    if (!isMet) this.unmet.push(text);
  }

  /** Repairs everything and waits, for a limited time, until everything works again. */
  async healed(): Promise<void> {
    this.cluster.healLinks();
    const nodes = [...this.cluster.apis, ...this.cluster.relays];
    for (const node of nodes) {
      node.thaw();
      await node.ready().catch(() => {
        this.ledger.findings.add('late', `${node.name} is not ready again: ${node.output().slice(-300)}`);
      });
    }
  }

  /** Ends all retries, whatever their outcome. */
  giveUpRetries(): void {
    this.#giveUp.abort();
  }

  /**
   * Waits until everything is in the logs and every reader is at its log's head, or the time is up. Returns
   * milliseconds.
   */
  async settle(): Promise<number> {
    const start = performance.now();
    const { settleMs = SETTLE_MS } = this.#options;
    const { url } = this.cluster.database;
    await waitUntil('the outbox is empty', () => isOutboxEmpty(url), settleMs).catch((error: unknown) => {
      this.ledger.findings.add('late', String(error));
    });
    const heads = await readHeads(url);
    const streamsBehind = () => this.ledger.memberStreams.filter((stream) => isBehind(stream, heads));
    const behind = () =>
      [...this.readers, ...this.sdkReaders].filter(
        ({ ledger }) => ledger.position < (heads.get(ledger.target.targetId) ?? 0),
      );
    while (behind().length + streamsBehind().length > 0 && performance.now() - start < settleMs) {
      await sleep(20);
    }
    for (const { ledger, isIdentified } of behind()) {
      const head = heads.get(ledger.target.targetId);
      const where = `${ledger.name} is at ${ledger.position} of ${head} (${isIdentified ? 'identified' : 'not identified'})`;
      this.ledger.findings.add('late', where);
    }
    for (const { member, position, isFollowed } of streamsBehind()) {
      const where = `${member.name} is at ${position} of ${heads.get(member.group.targetId)}`;
      this.ledger.findings.add('late', `${where} (${isFollowed ? 'followed' : 'not followed'})`);
    }
    return Math.round(performance.now() - start);
  }

  /**
   * Makes every reader without a stored cursor ack everything, once it is connected. Waits for a limited time until all
   * acks are stored.
   */
  async acksAreStored(): Promise<void> {
    const devices = this.readers.flatMap((reader) => {
      const { deviceId } = reader.habits;
      return deviceId === undefined ? [] : [{ reader, deviceId }];
    });
    const areStored = async () => {
      for (const { reader } of devices) reader.ack();
      const stored = await readAcks(this.cluster.database.url);
      return devices.every(({ reader, deviceId }) => stored.get(deviceId) === reader.ledger.position);
    };
    await waitUntil('every ack is stored', areStored, ACKS_STORED_MS).catch((error: unknown) => {
      this.ledger.findings.add('late', String(error));
    });
  }

  #groupsOf(clientId: string, readerName: string): GroupStreams | undefined {
    const members = this.ledger.members.filter((member) => member.clientId === clientId);
    if (members.length === 0) return undefined;
    const { leftBoundMs = LEFT_BOUND_MS } = this.#options;
    const streams = members.map((member) =>
      this.ledger.addMemberStream(`${readerName} in ${member.group.targetId}`, member, leftBoundMs),
    );
    return new GroupStreams(streams);
  }

  /** Settles, stops the readers, and checks everything. */
  async judge(): Promise<RunResult> {
    const { ledger, readers } = this;
    const caughtUpMs = await this.settle();
    for (const reader of [...readers, ...this.sdkReaders]) reader.stop();
    await auditDatabase(this.cluster.database.url, ledger); // first: only the log has the offsets of messages by SQL
    for (const target of ledger.targets) target.judgeCommits();
    for (const reader of ledger.readers) reader.judgeLost();
    for (const member of ledger.members) member.judgeStarts();
    for (const stream of ledger.memberStreams) stream.judge();
    const closes = new Map<string, number>();
    for (const { closesByCode } of readers) {
      for (const [code, count] of closesByCode)
        closes.set(String(code), (closes.get(String(code)) ?? 0) + count);
    }
    const { countByKind } = this.#faults;
    return {
      scenario: this.#options.scenario,
      seed: this.#options.seed,
      seconds: (performance.now() - this.#startedAt) / 1_000,
      faults: [...countByKind.values()].reduce((sum, count) => sum + count, 0),
      faultsByKind: Object.fromEntries(countByKind),
      issued: ledger.issuedCount,
      acked: ledger.ackedCount,
      takenBack: ledger.targets.reduce((sum, { takenBackCount }) => sum + takenBackCount, 0),
      ...this.sends,
      delivered: ledger.receivedCount,
      connections: [...readers, ...this.sdkReaders].reduce(
        (sum, { identifiedCount }) => sum + identifiedCount,
        0,
      ),
      closesByCode: Object.fromEntries(closes),
      caughtUpMs,
      findings: ledger.findings.counts(),
      examples: ledger.findings.lines(),
      figures: this.figures,
      unmet: this.unmet,
    };
  }
}

/** True if a stream has not reached what its membership promises, as far as that is known. */
function isBehind(
  { member, position, isFollowed }: MemberStream,
  heads: ReadonlyMap<string, number>,
): boolean {
  const { spell } = member.view;
  if (spell === undefined) return false;
  return spell === 'none' ? isFollowed : position < (heads.get(member.group.targetId) ?? 0);
}

/** Starts a cluster, runs `work` on it, checks the result, and removes the cluster. */
export async function withRun(options: RunOptions, work: (run: Run) => Promise<void>): Promise<RunResult> {
  const targetIds = Array.from({ length: options.targets }, (_, index) => `target-${index + 1}`);
  const groupIds = Array.from({ length: options.groups ?? 0 }, (_, index) => `group:room-${index + 1}`);
  const ledger = new Ledger([...targetIds, ...groupIds], options.shape);
  const cluster = await startCluster({ ...options, findings: ledger.findings });
  const run = new Run(options, cluster, ledger);
  try {
    await work(run).catch((error: unknown) => {
      run.unmet.push(`the scenario could not go on: ${String(error)}`);
    });
    run.giveUpRetries();
    const result = await run.judge();
    await cluster.stop();
    return { ...result, findings: ledger.findings.counts(), examples: ledger.findings.lines() };
  } finally {
    for (const reader of [...run.readers, ...run.sdkReaders]) reader.stop();
    for (const node of [...cluster.apis, ...cluster.relays]) await node.kill();
  }
}
