import type { Deployment } from './deployment.ts';
import type { UnitCosts } from './unit-costs.ts';

/** Defaults of the services: GROUP_ACKS_PER_SECOND_MAX, COMMIT_MESSAGES_MAX, and how often a client sends an ack. */
const GROUP_ACKS_PER_SECOND_MAX = 5_000;
const COMMIT_MESSAGES_MAX = 4_000;
const ACKS_OF_A_CLIENT_PER_SECOND_MAX = 2;
/** So many requests shared a commit when the unit costs were measured on a full core. */
const REQUESTS_UNDER_PRESSURE = 64;
/** From so many messages on, the next commit waits for the publishers that were just answered. */
const GATHERING_FROM = 8;
const US_PER_MS = 1_000;
const SECONDS_PER_MINUTE = 60;

/** What happens in a second in one installation. */
export interface Rates {
  readonly messages: number;
  readonly requests: number;
  readonly commits: number;
  readonly messagesPerCommit: number;
  /** Copies of hints that Redis passes on to relays; and how often a relay gets some, those of a commit together. */
  readonly hints: number;
  readonly bursts: number;
  readonly deliveries: number;
  /** Deliveries that are written together: those of one commit to one connection are one write. */
  readonly writes: number;
  readonly acks: number;
  readonly acksStored: number;
  readonly heads: number;
  readonly heartbeats: number;
  readonly identifies: number;
}

/** Of one installation; `apis` and `relays` are at least 1. */
export function ratesOf(deployment: Deployment, costs: UnitCosts, sizes: Commits): Rates {
  const { connections, relays, groupSize, groupMessagesPerSecond, messagesPerSecond } = deployment;
  const messages = messagesPerSecond + groupMessagesPerSecond;
  const groups = (connections * deployment.groupsPerConnection) / groupSize;
  const relaysOfGroup = placesHit(relays, groupSize);
  const messagesPerCommit = commitSize(deployment, costs, sizes);
  const commits = messages / messagesPerCommit;
  const hints = messagesPerSecond + groupMessagesPerSecond * relaysOfGroup;
  const ownPerCommit = commits === 0 ? 0 : messagesPerSecond / commits;
  const { client, group } = acksOf(deployment);
  return {
    messages,
    requests: messages / deployment.messagesPerRequest,
    commits,
    messagesPerCommit,
    hints,
    bursts: messages === 0 ? 0 : commits * placesHit(relays, (messagesPerCommit * hints) / messages),
    deliveries: messagesPerSecond + groupMessagesPerSecond * groupSize,
    writes: commits * placesHit(connections, ownPerCommit) + groupMessagesPerSecond * groupSize,
    acks: client + group,
    acksStored: client + Math.min(group, GROUP_ACKS_PER_SECOND_MAX * relays),
    heads: (connections + groups * relaysOfGroup) / deployment.compareSeconds,
    heartbeats: connections / deployment.heartbeatSeconds,
    identifies:
      deployment.sessionMinutes === 0 ? 0 : connections / (deployment.sessionMinutes * SECONDS_PER_MINUTE),
  };
}

/** Places (relays, connections) that get at least one of `count` things that are spread evenly. */
function placesHit(places: number, count: number): number {
  if (places <= 1 || count <= 1) return Math.min(places, count);
  return places * (1 - (1 - 1 / places) ** count);
}

/**
 * Messages that share a commit. `as-they-come`: those that arrive while an API waits for its last one, which takes a
 * constant time and the database's work for each message; where they are large, each waits for as long again.
 * `under-pressure`: as many as share a commit when a part is full, because then commits wait for it. Until there, a
 * busy API is not a full one: it does the same work for fewer messages.
 */
export type Commits = 'as-they-come' | 'under-pressure';

export function commitSize(deployment: Deployment, costs: UnitCosts, commits: Commits): number {
  const { apis, messagesPerRequest } = deployment;
  const perMs = (deployment.messagesPerSecond + deployment.groupMessagesPerSecond) / apis / 1_000;
  const messageMs = costs.databaseMessageUs / US_PER_MS;
  const sizeWithin = (waits: number) => {
    const idleShare = 1 - waits * perMs * messageMs;
    return idleShare <= 0 ? COMMIT_MESSAGES_MAX : (waits * perMs * costs.commitMs) / idleShare;
  };
  const atOnce = sizeWithin(1);
  const comes = atOnce < GATHERING_FROM ? atOnce : sizeWithin(2);
  const pressed = Math.max(comes, REQUESTS_UNDER_PRESSURE * messagesPerRequest);
  const size = commits === 'as-they-come' ? comes : pressed;
  return Math.max(messagesPerRequest, 1, Math.min(size, commitSizeMax(deployment)));
}

/** Few publishers fall into two halves, whose commits take turns. */
function commitSizeMax({ publishers, messagesPerRequest, apis }: Deployment): number {
  if (publishers === 0) return COMMIT_MESSAGES_MAX;
  const requests = publishers / apis;
  const together = requests / 2 < GATHERING_FROM ? requests / 2 : requests;
  return Math.min(COMMIT_MESSAGES_MAX, together * messagesPerRequest);
}

function acksOf(deployment: Deployment): { readonly client: number; readonly group: number } {
  const { acks, connections, messagesPerSecond, groupMessagesPerSecond, groupSize } = deployment;
  const bound = (rate: number, readers: number) => Math.min(rate, readers * ACKS_OF_A_CLIENT_PER_SECOND_MAX);
  return {
    client: acks * bound(messagesPerSecond, connections),
    group: acks * bound(groupMessagesPerSecond * groupSize, connections * deployment.groupsPerConnection),
  };
}
