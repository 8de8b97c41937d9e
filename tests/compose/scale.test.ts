import { setTimeout } from 'node:timers/promises';
import { PostlineClient } from '@postline/client';
import { publish, RelayClient, waitUntil } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComposeProject, composeProject, docker } from './compose-project.ts';

const FILES = ['docker-compose.yml', 'docker-compose.scale.yml'];
const APIS = 2;
const RELAYS = 3;
const READERS = 60;
const PUBLISHERS = 8;
/** Of each publisher, so that the system is busy and not at its limit. */
const PAUSE_MS = 10;
const HEALTHY_MS = 90_000;
const ARRIVED_MS = 60_000;
/** Traffic before and after each fault. */
const MESSAGES_BETWEEN = 200;

let project: ComposeProject;
let apiUrl: string;
let relayUrl: string;

beforeAll(async () => {
  project = await composeProject({ files: FILES });
  apiUrl = `http://localhost:${project.apiPort}`;
  relayUrl = `http://localhost:${project.relayPort}`;
  const scales = ['--scale', `websocket-server=${RELAYS}`, '--scale', `api-server=${APIS}`];
  try {
    await project.compose('up', '--build', '--wait', '--quiet-pull', ...scales);
  } catch (error) {
    const log = await project.compose('logs', '--no-color', '--tail', '40').catch(String);
    throw new Error(`docker compose up --scale failed\n${log}`, { cause: error });
  }
});

afterAll(async () => {
  await project.remove();
  expect(await project.remains()).toEqual([]);
});

/** The containers of a service. */
async function containersOf(service: string): Promise<string[]> {
  return (await project.compose('ps', '--quiet', service)).trim().split('\n');
}

/** A figure of each container of a service, from its own /metrics. */
async function figures(service: string, port: number, name: string): Promise<number[]> {
  const script = `fetch('http://127.0.0.1:${port}/metrics').then((answer) => answer.text()).then(console.log)`;
  const texts = (await containersOf(service)).map((id) => docker('exec', id, 'node', '-e', script));
  return (await Promise.all(texts)).map((text) =>
    [...text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    ),
  );
}

/** Publishers and readers on the balancer; what was answered, and what arrived. */
class Traffic {
  /** Answers other than 201, and broken connections. */
  readonly refused: string[] = [];
  /** The texts that were acknowledged for each target, in order. */
  readonly #sent = new Map<string, string[]>();
  readonly #received = new Map<string, string[]>();
  readonly #clients: PostlineClient[];
  readonly #publishers: Promise<void>[];
  #isOver = false;
  #sentCount = 0;

  constructor() {
    const targets = Array.from({ length: READERS }, (_, index) => `reader-${index}`);
    this.#clients = targets.map((targetId) => this.#read(targetId));
    this.#publishers = Array.from({ length: PUBLISHERS }, (_, index) =>
      this.#publish(targets.filter((_target, place) => place % PUBLISHERS === index)),
    );
  }

  /** Resolves when this many more messages were acknowledged, or a request was refused. */
  async more(count: number): Promise<void> {
    const until = this.#sentCount + count;
    const isThere = () => this.#sentCount >= until || this.refused.length > 0;
    await waitUntil(`${count} more are acknowledged`, isThere, ARRIVED_MS);
  }

  /** Ends the publishing; resolves when each reader has as many messages as were acknowledged, and to both lists. */
  async end(): Promise<{ sent: Map<string, string[]>; received: Map<string, string[]> }> {
    this.#isOver = true;
    await Promise.all(this.#publishers);
    const isThere = ([target, texts]: [string, string[]]) =>
      (this.#received.get(target) ?? []).length >= texts.length;
    await waitUntil('all have arrived', () => [...this.#sent].every(isThere), ARRIVED_MS).catch(
      () => undefined, // the comparison shows what is missing
    );
    for (const client of this.#clients) await client.close();
    return { sent: this.#sent, received: this.#received };
  }

  #read(clientId: string): PostlineClient {
    const received: string[] = [];
    this.#received.set(clientId, received);
    const client = new PostlineClient({ url: relayUrl, clientId, resume: 'start' });
    client.on('message', ({ data }) => {
      received.push(data);
    });
    return client;
  }

  /** One at a time, so that the order is known. Each request is made once, whatever becomes of it. */
  async #publish(targets: readonly string[]): Promise<void> {
    for (let count = 0; !this.#isOver; count += 1) {
      const targetId = targets[count % targets.length] ?? '';
      const message = `${targetId}.${count}`; // also the key, which takes no space
      const answer = await publish(apiUrl, { message, targetId }, message).catch(String);
      if (typeof answer === 'string') this.refused.push(`${message}: ${answer}`);
      else if (answer.status !== 201) this.refused.push(`${message}: ${answer.status}`);
      else {
        this.#sent.set(targetId, [...(this.#sent.get(targetId) ?? []), message]);
        this.#sentCount += 1;
      }
      await setTimeout(PAUSE_MS);
    }
  }
}

describe('docker-compose.scale.yml', () => {
  it('[BOX-12] HAProxy alone is published, on this machine, as confined as the others', async () => {
    const { HostConfig } = await project.inspect('haproxy');
    expect(HostConfig).toMatchObject({
      PortBindings: {
        '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: String(project.apiPort) }],
        '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: String(project.relayPort) }],
      },
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      PidsLimit: 512,
    });
    expect((await project.shell('haproxy', 'id -u')).trim()).not.toBe('0');
    for (const service of ['api-server', 'websocket-server']) {
      const inspected = await Promise.all((await containersOf(service)).map((id) => docker('port', id)));
      expect(inspected.map((ports) => ports.trim())).toEqual(inspected.map(() => ''));
    }
  });

  it('[BOX-12] connections and requests go to all of them', async () => {
    const ids = Array.from({ length: 6 * RELAYS }, (_, index) => `spread-${index}`);
    const clients = await Promise.all(ids.map((clientId) => RelayClient.identified(relayUrl, { clientId })));
    for (const id of ids) expect((await publish(apiUrl, { message: 'x', targetId: id })).status).toBe(201);
    for (const client of clients) await client.messagesOnceThereAre(1);
    const connections = await figures('websocket-server', 3000, 'postline_connections');
    expect(connections).toHaveLength(RELAYS);
    expect(Math.min(...connections)).toBeGreaterThan(0);
    const published = await figures('api-server', 8080, 'postline_published_messages_total');
    expect(published).toHaveLength(APIS);
    expect(Math.min(...published)).toBeGreaterThan(0);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('[BOX-12] [OPS-21] one of each is drained, then one of each killed, under traffic: nothing refused or lost', async () => {
    const traffic = new Traffic();
    await traffic.more(MESSAGES_BETWEEN);
    for (const [service, container, end] of await faults()) {
      await docker(...end, container);
      await traffic.more(MESSAGES_BETWEEN);
      await docker('start', container);
      await waitUntil(`${service} is healthy`, () => isHealthy(container), HEALTHY_MS);
      await traffic.more(MESSAGES_BETWEEN);
      expect([service, end, traffic.refused]).toEqual([service, end, []]);
    }
    const { sent, received } = await traffic.end();
    expect(traffic.refused).toEqual([]);
    expect(sent.size).toBe(READERS);
    for (const [target, texts] of sent) expect(received.get(target)).toEqual(texts);
  });

  /** A service, one of its containers, and the docker command that ends it. */
  async function faults() {
    const [api1 = '', api2 = ''] = await containersOf('api-server');
    const [relay1 = '', relay2 = ''] = await containersOf('websocket-server');
    return [
      ['api-server', api1, ['stop']],
      ['websocket-server', relay1, ['stop']],
      ['api-server', api2, ['kill']],
      ['websocket-server', relay2, ['kill']],
    ] as const;
  }

  async function isHealthy(container: string): Promise<boolean> {
    return (await docker('inspect', '--format', '{{.State.Health.Status}}', container)).trim() === 'healthy';
  }
});
