/** Runs one turn after the other from `start` to `stop`. A turn paces itself by `pause`, which `stop` ends early. */
export class StoppableLoop {
  readonly #turn: () => Promise<void>;
  #running: Promise<void> | undefined;
  #isStopped = false;
  #wake: () => void = () => undefined;

  /** `turn` must not reject: it reports its own errors. */
  constructor(turn: () => Promise<void>) {
    this.#turn = turn;
  }

  /** A turn of many steps checks this between them. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when the current turn has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#running;
  }

  pause(milliseconds: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) await this.#turn();
  }
}
