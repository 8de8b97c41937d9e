import { launch, type StartedProcess, waitUntil } from '@postline/test-support';
import type { Findings } from '../ledger/findings.ts';

/** After SIGTERM a service has 15 s. A slower one is killed, and that is counted. */
const STOP_MS = 15_000;
const READY_MS = 120_000;
/** A service that ends by itself is restarted after this time, as a supervisor would do it. */
const RESTART_MS = 500;

export interface ServiceNodeOptions {
  /** For example `api-1`, for messages. */
  readonly name: string;
  /** For example `api-server`, the name of the workspace. */
  readonly service: string;
  readonly buildFolder: string;
  /** The same at every start, so that clients can reconnect. */
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly findings: Findings;
}

/** One service, which is restarted whenever it ends. If it ended by itself, that is a finding. */
export class ServiceNode {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  readonly #options: ServiceNodeOptions;
  #buildFolder: string;
  #process: StartedProcess | undefined;
  #isEnding = false;

  constructor(options: ServiceNodeOptions) {
    this.#options = options;
    this.#buildFolder = options.buildFolder;
    this.name = options.name;
    this.port = options.port;
    this.url = `http://127.0.0.1:${options.port}`;
  }

  get pid(): number {
    return this.#process?.pid ?? -1;
  }

  /** The next start runs the services of this build: an upgrade or a downgrade. */
  useBuild(folder: string): void {
    this.#buildFolder = folder;
  }

  start(): void {
    const { service, env, port } = this.#options;
    this.#isEnding = false;
    const variables = { PORT: String(port), LOG_LEVEL: 'warn', ...env };
    const started = launch(service, variables, { root: this.#buildFolder });
    this.#process = started;
    void started.ended.then((code) => this.#onEnded(started, code));
  }

  async ready(milliseconds = READY_MS): Promise<void> {
    await waitUntil(`${this.name} is ready`, () => this.#answersReady(), milliseconds);
  }

  /** Kills the process (kill -9). It stays away until `start`. */
  async kill(): Promise<void> {
    this.#isEnding = true;
    await this.#process?.end('SIGKILL');
  }

  /** Sends SIGTERM. It is a finding if the process does not end with exit code 0 in time. */
  async stop(): Promise<void> {
    const running = this.#process;
    if (running === undefined || running.hasEnded()) return;
    this.#isEnding = true;
    const timer = setTimeout(() => {
      this.#options.findings.add('late', `${this.name} did not end within ${STOP_MS} ms of SIGTERM`);
      running.signal('SIGKILL');
    }, STOP_MS);
    const code = await running.end('SIGTERM');
    clearTimeout(timer);
    if (code !== 0) {
      this.#options.findings.add(
        'crashed',
        `${this.name} ended with ${code} after SIGTERM: ${tail(running)}`,
      );
    }
  }

  freeze(): void {
    this.#process?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#process?.signal('SIGCONT');
  }

  output(): string {
    return this.#process?.output() ?? '';
  }

  async #answersReady(): Promise<boolean> {
    const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    const { status } = (await answer.json()) as { status: string };
    return status === 'ready'; // status 200 alone does not show that Redis is up
  }

  #onEnded(ended: StartedProcess, code: number | string): void {
    if (this.#isEnding || this.#process !== ended) return;
    this.#options.findings.add('crashed', `${this.name} ended by itself with ${code}: ${tail(ended)}`);
    setTimeout(() => {
      if (!this.#isEnding && this.#process === ended) this.start();
    }, RESTART_MS);
  }
}

const TAIL_CHARACTERS = 600;

function tail(ended: StartedProcess): string {
  return ended.output().slice(-TAIL_CHARACTERS);
}
