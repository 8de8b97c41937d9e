import { join } from 'node:path';
import { type StartedProcess, startProcess, TEST_ENVIRONMENT, waitUntil } from '@postline/test-support';
import type { Findings } from '../ledger/findings.ts';

/** After SIGTERM a service has 15 s; whatever takes longer is killed and counted. */
const STOP_MS = 15_000;
const READY_MS = 120_000;
/** A service that ends by itself is started again after this, as a supervisor would. */
const RESTART_MS = 500;

export interface ServiceNodeOptions {
  /** `api-1`, for messages. */
  readonly name: string;
  /** The workspace: `api-server`. */
  readonly service: string;
  readonly buildFolder: string;
  /** The same at every start, so that clients find it again. */
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly findings: Findings;
}

/** One service that is started again whenever it ended; where nobody ended it, that is a finding. */
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

  /** The next start runs the services that were built there: an upgrade, or the way back. */
  useBuild(folder: string): void {
    this.#buildFolder = folder;
  }

  start(): void {
    const { service, env, port } = this.#options;
    const buildFolder = this.#buildFolder;
    this.#isEnding = false;
    const started = startProcess({
      command: process.execPath,
      args: [join(buildFolder, service, 'dist/main.js')],
      env: { ...TEST_ENVIRONMENT, PORT: String(port), LOG_LEVEL: 'warn', ...env },
      cwd: buildFolder,
    });
    this.#process = started;
    void started.ended.then((code) => this.#onEnded(started, code));
  }

  async ready(milliseconds = READY_MS): Promise<void> {
    await waitUntil(`${this.name} is ready`, () => this.#answersReady(), milliseconds);
  }

  /** kill -9, and nothing starts it again before `start`. */
  async kill(): Promise<void> {
    this.#isEnding = true;
    await this.#process?.end('SIGKILL');
  }

  /** SIGTERM. A finding where it is not over with exit code 0 in time. */
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
    return status === 'ready'; // 200 alone would do without Redis
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
