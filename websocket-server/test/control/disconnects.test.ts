import { signClientToken } from '@postline/client-tokens';
import type { Disconnect, DisconnectsReading } from '@postline/message-store';
import { RelayClient, waitUntil } from '@postline/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import { Disconnects } from '../../src/control/disconnects.ts';
import { startTestRelay, type TestRelay } from '../support/start-test-relay.ts';

/** A log of disconnects whose reads are answered at once, from whatever it holds then. */
class ModelLog {
  readonly entries = new Map<string, Disconnect>();
  head = 0;

  add(clientId: string): void {
    this.head += 1;
    this.entries.set(clientId, { position: this.head, tokensRefusedUpTo: undefined });
  }

  readDisconnects = (clientIds: readonly string[]): Promise<DisconnectsReading> =>
    Promise.resolve(this.#reading((clientId) => clientIds.includes(clientId)));

  readDisconnectsAfter = (position: number): Promise<DisconnectsReading> =>
    Promise.resolve(this.#reading((_clientId, disconnect) => disconnect.position > position));

  #reading(wanted: (clientId: string, disconnect: Disconnect) => boolean): DisconnectsReading {
    return { head: this.head, disconnects: new Map([...this.entries].filter((entry) => wanted(...entry))) };
  }
}

describe('the log of disconnects', () => {
  const told = async (log: ModelLog, use: (disconnects: Disconnects) => Promise<unknown>) => {
    const clients: string[] = [];
    const connectionsOf = (clientId: string) => {
      clients.push(clientId);
      return [];
    };
    await use(new Disconnects({ store: log, clients: { connectionsOf } }));
    await new Promise((resolve) => setTimeout(resolve, 20)); // whatever is still to be told is told by then
    return clients;
  };

  it('[SEC-5] earlier disconnects do not affect a client that is admitted later', async () => {
    const log = new ModelLog();
    log.add('ann');
    const clients = await told(log, async (disconnects) => {
      disconnects.look();
      expect(await disconnects.read('ann')).toMatchObject({ head: 1, latest: { position: 1 } });
      disconnects.look();
    });
    expect(clients).toEqual([]);
  });

  it('[SEC-5] each is reported once, however often it looks', async () => {
    const log = new ModelLog();
    const clients = await told(log, async (disconnects) => {
      await disconnects.read('ann');
      log.add('ann');
      disconnects.look();
      disconnects.look();
      log.add('bob');
      disconnects.look();
    });
    expect(clients.filter((clientId) => clientId === 'ann')).toHaveLength(1);
    expect(clients).toContain('bob');
  });

  it('[SEC-5] a client that is admitted on an earlier reading gets the disconnects after it, although others had them', async () => {
    const log = new ModelLog();
    const clients = await told(log, async (disconnects) => {
      await disconnects.read('bob');
      let answer: (reading: DisconnectsReading) => void = () => undefined;
      const older = await log.readDisconnects(['ann']);
      const { readDisconnects } = log;
      log.readDisconnects = () => new Promise((resolve) => (answer = resolve));
      const letIn = disconnects.read('ann');
      await new Promise((resolve) => setTimeout(resolve, 10)); // the statement is on its way
      log.readDisconnects = readDisconnects;
      log.add('ann');
      disconnects.look();
      await new Promise((resolve) => setTimeout(resolve, 10)); // all that is open now was told
      answer(older);
      expect((await letIn).head).toBe(0);
    });
    expect(clients).toEqual(['ann', 'ann']);
  });
});

describe('a relay', () => {
  const secret = 'tw3N-ty7:Qz9.aV4_kd8+Lm2=Rb6,Hx0';
  const clientTokens = {
    key: { kind: 'secret', secret } as const,
    issuer: undefined,
    audience: undefined,
  };
  let relay: TestRelay;
  afterEach(() => relay.close());

  const connectTo = async (clientId: string) => {
    const token = await signClientToken({ secret, clientId, expiresInSeconds: 3_600 });
    return await RelayClient.identified(relay.url, { clientId, token });
  };

  it.each([
    ['told by the bus', { hint: true, compareIntervalMs: 60_000 }],
    ['found by the comparison, as nobody told', { hint: false, compareIntervalMs: 100 }],
  ])('[SEC-5] a disconnect %s: 4510 for that client alone', async (_how, { hint, compareIntervalMs }) => {
    relay = await startTestRelay({ auth: 'required', clientTokens, compareIntervalMs });
    const [one, two, other] = await Promise.all([connectTo('ann'), connectTo('ann'), connectTo('bob')]);
    await relay.disconnect('ann', { refuseTokens: false, hint });
    expect(await Promise.all([one.closed(), two.closed()])).toEqual([4510, 4510]);
    await relay.publish('bob', 'still here');
    await other.messagesOnceThereAre(1);
    const again = await connectTo('ann'); // its token counts as before
    await relay.publish('ann', 'back');
    await again.messagesOnceThereAre(1);
  });

  it('[SEC-6] a token from before is refused from then on, at identify and as a further one', async () => {
    relay = await startTestRelay({ auth: 'required', clientTokens });
    const old = await signClientToken({ secret, clientId: 'ann', expiresInSeconds: 3_600 });
    await relay.disconnect('ann', { refuseTokens: true, hint: true });
    const refused = await RelayClient.connect(relay.url);
    refused.send({ type: 'identify', clientId: 'ann', token: old });
    expect(await refused.closed()).toBe(4501);
    expect(await relay.metric('postline_feeds')).toBe(0);

    const second = () => Math.floor(Date.now() / 1_000);
    const disconnectedIn = second();
    await waitUntil('a token is of a later second', () => second() > disconnectedIn);
    const fresh = await connectTo('ann');
    fresh.send({ type: 'token', token: old });
    expect(await fresh.closed()).toBe(4501);
  });
});
