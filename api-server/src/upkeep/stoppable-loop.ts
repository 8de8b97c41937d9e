/** Takes one turn after the other from `start` to `stop`. A turn paces itself by `pause`, which `stop` ends early. */
export class StoppableLoop {
  readonly #turn: () => Promise<void>;
  #running: Promise<void> | undefined;
  #isStopped = false;
  #wake: () => void = () => undefined;

  /** `turn` must not reject: what goes wrong in it is its own to tell. */
  constructor(turn: () => Promise<void>) {
    this.#turn = turn;
  }

  /** A turn of many steps looks here between them. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves once nothing is under way any more. */
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
