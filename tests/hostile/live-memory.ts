import { type ServiceProcess, waitUntil } from '@postline/test-support';
import { WebSocket } from 'ws';

/** Makes a service open the inspector on a port that it chooses. */
export const INSPECTED = { NODE_OPTIONS: '--inspect=127.0.0.1:0' } as const;

const BYTES_PER_MIB = 1024 * 1024;
const INSPECTOR_URL = /Debugger listening on (ws:\S+)/;
const LIVE_BYTES = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())';

interface InspectorAnswer {
  readonly id: number;
  readonly result: { readonly result?: { readonly value?: unknown } };
}

/**
 * The memory that a service keeps alive over time: its heap and buffers right after a full garbage collection. Resident
 * memory says less, because V8 leaves garbage in place while the heap may still grow.
 */
export class LiveMemory {
  readonly #inspector: WebSocket;
  readonly #answers = new Map<number, InspectorAnswer>();
  readonly #mebibytes: number[] = [];
  #lastId = 0;

  private constructor(inspector: WebSocket) {
    this.#inspector = inspector;
    inspector.on('message', (data: Buffer) => {
      const answer = JSON.parse(data.toString('utf8')) as InspectorAnswer;
      this.#answers.set(answer.id, answer);
    });
  }

  /** The service must have been started with the environment `INSPECTED`. */
  static async of(service: ServiceProcess): Promise<LiveMemory> {
    const url = INSPECTOR_URL.exec(service.process.output())?.[1];
    if (url === undefined) throw new Error('the service has no inspector');
    const inspector = new WebSocket(url);
    await waitUntil('the inspector is open', () => inspector.readyState === WebSocket.OPEN);
    return new LiveMemory(inspector);
  }

  async sample(): Promise<void> {
    await this.#ask('HeapProfiler.collectGarbage');
    const { result } = await this.#ask('Runtime.evaluate', { expression: LIVE_BYTES });
    this.#mebibytes.push(Number(result.result?.value) / BYTES_PER_MIB);
  }

  /** How many MiB the median of the last third is above that of the middle third. The first third is the warm-up. */
  growthMebibytes(): number {
    const third = Math.floor(this.#mebibytes.length / 3);
    return median(this.#mebibytes.slice(-third)) - median(this.#mebibytes.slice(third, 2 * third));
  }

  /** All samples, for the report. */
  summary(): string {
    return this.#mebibytes.map((value) => value.toFixed(1)).join(' ');
  }

  close(): void {
    this.#inspector.close();
  }

  async #ask(method: string, params = {}): Promise<InspectorAnswer> {
    const id = (this.#lastId += 1);
    this.#inspector.send(JSON.stringify({ id, method, params }));
    const answer = await waitUntil(`the inspector answers ${method}`, () => this.#answers.get(id));
    this.#answers.delete(id);
    return answer;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
