import type { RedisAddress } from '@postline/service-runtime';
import { BusUnavailableError } from '../../message-bus.ts';
import { firstAnswer } from './first-answer.ts';
import type { AskingTimes, RedisLocator } from './redis-locator.ts';
import { withShortConnection } from '../short-connection.ts';

/** A node that did not answer is asked last for this long. After that it may have recovered. */
const SUSPECTED_MS = 30_000;

/**
 * Finds any working node of a cluster. A cluster forwards what is published on one node to all nodes. Nodes are tried
 * in random order, to share the load.
 */
export class ClusterLocator implements RedisLocator {
  readonly login: RedisAddress;
  readonly #nodes: readonly RedisAddress[];
  readonly #times: AskingTimes;
  /** When a node was last asked, for nodes that have not answered since. */
  readonly #suspectedAtMs = new Map<RedisAddress, number>();

  constructor(nodes: readonly RedisAddress[], times: AskingTimes) {
    this.login = nodes[0] ?? {};
    this.#nodes = nodes;
    this.#times = times;
  }

  locate(signal: AbortSignal, avoided?: RedisAddress): Promise<RedisAddress> {
    return firstAnswer({
      candidates: this.#candidates(avoided),
      ask: (node, isOver) => this.#ask(node, isOver),
      patienceMs: this.#times.askNextAfterMs,
      signal,
    });
  }

  /**
   * There is nothing to check: masters and replicas forward alike, and `locate` has checked that the node reaches its
   * cluster.
   */
  verify(): Promise<void> {
    return Promise.resolve();
  }

  #candidates(avoided: RedisAddress | undefined): RedisAddress[] {
    const others = shuffled(this.#nodes.filter((node) => node !== avoided));
    const good = others.filter((node) => !this.#isSuspected(node));
    const suspected = others.filter((node) => this.#isSuspected(node));
    return [...good, ...suspected, ...(avoided === undefined ? [] : [avoided])];
  }

  #isSuspected(node: RedisAddress): boolean {
    const sinceMs = this.#suspectedAtMs.get(node) ?? -Infinity;
    return performance.now() - sinceMs < SUSPECTED_MS;
  }

  async #ask(node: RedisAddress, signal: AbortSignal): Promise<RedisAddress> {
    const connection = {
      locate: () => Promise.resolve(node),
      login: this.login,
      name: 'postline-locator',
      deadlineMs: this.#times.askDeadlineMs,
      signal,
    };
    this.#suspectedAtMs.set(node, performance.now());
    const info = await withShortConnection(connection, (client) => client.cluster('INFO'));
    requireMajority(info);
    this.#suspectedAtMs.delete(node);
    return node;
  }
}

/**
 * Rejects a node that is in a minority of its cluster or has not joined one. A cluster that lacks slots because a
 * master died is also in state `fail`, but its nodes agree on that (`fail`, no longer `pfail`), and it forwards
 * messages as before.
 */
function requireMajority(info: string): void {
  const hasJoined = fieldOf(info, 'cluster_slots_assigned') !== '0';
  const isWhole = fieldOf(info, 'cluster_state') === 'ok';
  if (hasJoined && (isWhole || fieldOf(info, 'cluster_slots_pfail') === '0')) return;
  const text = 'the node of the Redis cluster has not joined it, or does not reach most of it';
  throw new BusUnavailableError(text, undefined, { kind: 'cluster-minority', text });
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(\\w+)`, 'm').exec(info)?.[1];
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ item }) => item);
}
