import { setTimeout as sleep } from 'node:timers/promises';
import type { Findings } from '../ledger/findings.ts';
import type { MemberLedger } from '../ledger/member-ledger.ts';
import type { Random } from '../random.ts';
import { type JsonAnswer, requestJson } from './http-json.ts';
import type { SqlSender } from './sql-sender.ts';

/** Longer than the 5 s within which the API promises an answer. */
const ANSWER_TIMEOUT_MS = 6_000;
const RETRYABLE = new Set([429, 503]);
const BETWEEN_CHANGES_MS = 2_000;
/**
 * The longest pause between a commit by SQL and the request to the API. With a pause, relays sometimes learn of the
 * change first.
 */
const ASKED_AFTER_MS = 1_500;
/**
 * The longest fault plus the longest answer. Until then, a request or a COMMIT without an answer may still take effect,
 * and would undo a later change.
 */
const FATE_MS = 15_000;
const SQL_SHARE = 0.5;
const PUBLISHING_SHARE = 0.5;
const ROLLED_BACK_SHARE = 0.2;

export interface MemberFigures {
  joins: number;
  leaves: number;
  joinsBySql: number;
  leavesBySql: number;
}

export function createMemberFigures(): MemberFigures {
  return { joins: 0, leaves: 0, joinsBySql: 0, leavesBySql: 0 };
}

export interface MemberChangerOptions {
  readonly member: MemberLedger;
  readonly apiUrls: readonly string[];
  readonly sql: SqlSender;
  readonly findings: Findings;
  readonly figures: MemberFigures;
  readonly random: Random;
  readonly retryPauseMs: number;
  /** When this is aborted, retries end. */
  readonly giveUp: AbortSignal;
}

/** Adds a client to a group and removes it, again and again, by HTTP and inside an application's transactions. */
export class MemberChanger {
  readonly #options: MemberChangerOptions;
  /** From this time on, unanswered attempts can no longer take effect. */
  #certainAtMs = 0;

  constructor(options: MemberChangerOptions) {
    this.#options = options;
  }

  async run(isStopped: () => boolean): Promise<void> {
    const { member, random, sql } = this.#options;
    while (!isStopped()) {
      await sleep(random.next() * BETWEEN_CHANGES_MS);
      if (performance.now() < this.#certainAtMs) continue;
      const isMember = member.view.spell !== 'none';
      if (random.chance(SQL_SHARE)) await (isMember ? this.#leaveBySql() : this.#joinBySql());
      else await (isMember ? this.leave() : this.join());
    }
    sql.disconnect();
  }

  async join(): Promise<void> {
    this.#options.member.joining();
    this.#options.figures.joins += 1;
    await this.#putUntilAnswered();
  }

  async leave(): Promise<void> {
    this.#options.member.leaving();
    this.#options.figures.leaves += 1;
    await this.#deleteUntilAnswered();
  }

  async #joinBySql(): Promise<void> {
    const { member, sql, random, figures } = this.#options;
    const spell = member.joining();
    const numbers = { before: [] as number[], after: [] as number[] };
    const outcome = await this.#transact(async () => {
      if (random.chance(PUBLISHING_SHARE)) numbers.before.push(await sql.call(member.group));
      await sql.execute('CALL join_group(?, ?)', this.#place);
      if (random.chance(PUBLISHING_SHARE)) numbers.after.push(await sql.call(member.group));
    });
    if (outcome === 'rolled back') {
      member.rolledBack();
      return;
    }
    if (outcome === 'unknown') return this.#leaveForCertain();
    figures.joinsBySql += 1;
    spell.publishedBefore.push(...numbers.before);
    spell.publishedAfter.push(...numbers.after);
    await sleep(random.next() * ASKED_AFTER_MS);
    await this.#putUntilAnswered();
  }

  async #leaveBySql(): Promise<void> {
    const { member, sql, figures } = this.#options;
    member.leaving();
    const outcome = await this.#transact(() => sql.execute('CALL leave_group(?, ?)', this.#place));
    if (outcome === 'rolled back') {
      member.rolledBack();
      return;
    }
    if (outcome === 'unknown') return this.#leaveForCertain();
    figures.leavesBySql += 1;
    await this.#deleteUntilAnswered();
  }

  /** The arguments of the procedures: the group's name and the client. */
  get #place(): readonly string[] {
    const { group, clientId } = this.#options.member;
    return [group.targetId.slice('group:'.length), clientId];
  }

  async #transact(work: () => Promise<void>): Promise<'committed' | 'rolled back' | 'unknown'> {
    const { sql, random } = this.#options;
    let isCommitting = false;
    try {
      await sql.begin();
      await work();
      if (random.chance(ROLLED_BACK_SHARE)) {
        await sql.rollback();
        return 'rolled back';
      }
      isCommitting = true;
      await sql.commit();
      return 'committed';
    } catch (error) {
      sql.failed(error);
      return isCommitting ? 'unknown' : 'rolled back';
    }
  }

  /** Used when COMMIT was not answered: waits until its outcome is final, then removes the client. */
  async #leaveForCertain(): Promise<void> {
    const { member, giveUp } = this.#options;
    member.cutOff();
    await sleep(FATE_MS, undefined, { signal: giveUp }).catch(() => undefined);
    if (!giveUp.aborted) await this.#deleteUntilAnswered();
  }

  async #putUntilAnswered(): Promise<void> {
    const answer = await this.#untilAnswered('PUT');
    if (answer !== undefined) this.#options.member.joined(Number(answer.body['from']));
  }

  async #deleteUntilAnswered(): Promise<void> {
    if ((await this.#untilAnswered('DELETE')) !== undefined) this.#options.member.left();
  }

  /** Retries until there is an answer; undefined if it was given up. */
  async #untilAnswered(method: 'PUT' | 'DELETE'): Promise<JsonAnswer | undefined> {
    const { apiUrls, random, findings, giveUp, retryPauseMs } = this.#options;
    const [name = '', clientId = ''] = this.#place;
    for (;;) {
      const url = `${random.pick(apiUrls)}/groups/${name}/members/${clientId}`;
      const answer = await requestJson({ method, url, timeoutMs: ANSWER_TIMEOUT_MS }).catch(() => undefined);
      if (answer !== undefined && answer.status >= 200 && answer.status < 300) return answer;
      this.#certainAtMs = performance.now() + FATE_MS;
      if (answer !== undefined && !RETRYABLE.has(answer.status)) {
        findings.add('refused', `${method} of a member: ${answer.status} ${JSON.stringify(answer.body)}`);
        return undefined;
      }
      if (giveUp.aborted) return undefined;
      await sleep(random.next() * retryPauseMs);
    }
  }
}
