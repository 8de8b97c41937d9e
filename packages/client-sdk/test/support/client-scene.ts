import { waitUntil } from '@postline/test-support';
import { afterEach, beforeEach } from 'vitest';
import type { PostlineClientOptions } from '../../src/client-options.ts';
import type { ClientState } from '../../src/client-events.ts';
import { PostlineClientBase } from '../../src/postline-client-base.ts';
import type { PostlineError } from '../../src/postline-error.ts';
import { FakeRelay } from './fake-relay.ts';
import { TestEnvironment } from './test-environment.ts';

/** Waits until data between two sockets of this process has arrived. */
export function settle(): Promise<void> {
  return new Promise((done) => setTimeout(done, 30));
}

/** A new client and relay for each test, and what the client reported. */
export class ClientScene {
  relay!: FakeRelay;
  environment!: TestEnvironment;
  client!: PostlineClientBase;
  states: ClientState[] = [];
  errors: PostlineError[] = [];
  offsets: number[] = [];

  /** For the tests of one `describe`. */
  static forEachTest(): ClientScene {
    return ClientScene.prepare(new ClientScene());
  }

  protected static prepare<Scene extends ClientScene>(scene: Scene): Scene {
    beforeEach(async () => {
      scene.relay = await FakeRelay.start();
      scene.environment = new TestEnvironment();
    });
    afterEach(async () => {
      const closed = scene.client.close();
      scene.environment.advance(5_000); // a handler that never ends is not waited for
      await closed;
      await scene.relay.stop();
    });
    return scene;
  }

  start(options: Partial<PostlineClientOptions> = {}): PostlineClientBase {
    const all = { url: this.relay.url, clientId: 1, ...options } as PostlineClientOptions;
    this.client = new PostlineClientBase(all, this.environment);
    this.states = [];
    this.errors = [];
    this.offsets = [];
    this.client.on('state', (state) => this.states.push(state));
    this.client.on('error', (error) => this.errors.push(error));
    return this.client;
  }

  /** Adds a handler that records the offsets. */
  handle(): void {
    this.client.on('message', ({ offset }) => this.offsets.push(offset));
  }

  inState(state: ClientState['state']): Promise<true> {
    return waitUntil(state, () => this.client.state.state === state && (true as const));
  }

  handled(...expected: number[]): Promise<unknown> {
    return waitUntil(`${expected.join()} handled`, () => this.offsets.join() === expected.join());
  }
}
