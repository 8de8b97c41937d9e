import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import type { Findings } from '../ledger/findings.ts';
import type { Send, TargetLedger } from '../ledger/target-ledger.ts';
import type { Random } from '../random.ts';

/** Errors of an application's transaction that waited for one of ours, or was rolled back in favor of one of ours. */
const LOCK_ERRORS = new Set(['ER_LOCK_WAIT_TIMEOUT', 'ER_LOCK_DEADLOCK']);
const CALLS_MAX = 6;
/** The pause between two calls of a transaction, in which others can run. */
const CALL_PAUSE_MS = 30;
const TRANSACTION_PAUSE_MS = 250;
const ROLLED_BACK_SHARE = 0.25;
/** The share of transactions in the middle of which the application dies. */
const DROPPED_SHARE = 0.05;

export interface SqlFigures {
  committed: number;
  rolledBack: number;
  /** The database or the application ended before COMMIT was answered. */
  cutOff: number;
}

export function createSqlFigures(): SqlFigures {
  return { committed: 0, rolledBack: 0, cutOff: 0 };
}

export interface SqlSenderOptions {
  readonly databaseUrl: string;
  readonly targets: readonly TargetLedger[];
  readonly findings: Findings;
  readonly figures: SqlFigures;
  readonly random: Random;
}

interface Call {
  readonly target: TargetLedger;
  readonly send: Send;
}

/** An application that publishes by `CALL publish_message` inside its own transactions, on one connection. */
export class SqlSender {
  readonly #options: SqlSenderOptions;
  #connection: Connection | undefined;
  #calls: Call[] = [];

  constructor(options: SqlSenderOptions) {
    this.#options = options;
  }

  /** Runs one transaction after another until `isStopped`. Some are rolled back. */
  async run(isStopped: () => boolean): Promise<void> {
    const { random } = this.#options;
    while (!isStopped()) {
      await this.transact();
      await sleep(random.next() * TRANSACTION_PAUSE_MS);
    }
    this.disconnect();
  }

  /** Runs one transaction with a few calls, which can end in any way. */
  async transact(): Promise<void> {
    const { figures, random, targets } = this.#options;
    try {
      await this.begin();
      for (let calls = random.integer(1, CALLS_MAX); calls > 0; calls -= 1) {
        await this.call(random.pick(targets));
        await sleep(random.next() * CALL_PAUSE_MS);
      }
      if (random.chance(DROPPED_SHARE)) {
        this.disconnect();
        figures.cutOff += 1;
      } else if (random.chance(ROLLED_BACK_SHARE)) {
        await this.rollback();
      } else await this.commit();
    } catch (error) {
      this.failed(error);
    }
  }

  /**
   * Handles an error. Its database may go away at any moment, but Postline must never make it wait, or even roll back
   * its transaction.
   */
  failed(error: unknown): void {
    if (this.#calls.length > 0) this.#options.figures.cutOff += 1;
    const code = String((error as { code?: unknown }).code);
    if (LOCK_ERRORS.has(code)) this.#options.findings.add('refused', `an application's transaction: ${code}`);
    this.disconnect();
  }

  async begin(): Promise<void> {
    this.#calls = [];
    this.#connection ??= await connectTo(this.#options.databaseUrl);
    await this.#connection.beginTransaction();
  }

  /** Publishes a message. Resolves to its number. */
  async call(target: TargetLedger): Promise<number> {
    const send = target.issueUncommitted();
    this.#calls.push({ target, send });
    await this.execute('CALL publish_message(?, ?)', [target.targetId, target.bodyOf(send.number)]);
    return send.number;
  }

  async execute(sql: string, values: readonly string[]): Promise<void> {
    await this.#connection?.execute(sql, [...values]);
  }

  async rollback(): Promise<void> {
    await this.#connection?.rollback();
    this.#options.figures.rolledBack += 1;
  }

  async commit(): Promise<void> {
    for (const { target, send } of this.#calls) target.committing(send);
    await this.#connection?.commit();
    for (const target of new Set(this.#calls.map((call) => call.target))) {
      const own = this.#calls.filter((call) => call.target === target);
      target.committed(own.map(({ send }) => send));
    }
    this.#options.figures.committed += 1;
  }

  disconnect(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }
}

async function connectTo(databaseUrl: string): Promise<Connection> {
  const connection = await createConnection(databaseUrl);
  connection.on('error', () => undefined); // the next statement reports it too
  return connection;
}
