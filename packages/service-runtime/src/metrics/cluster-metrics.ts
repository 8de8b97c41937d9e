/** Metrics of several processes that share a port: each of them returns the sum of all. */
import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, Registry } from 'prom-client';

/** The library gives up after 5 s on a worker that does not answer; this is the deadline for the primary. */
const PRIMARY_DEADLINE_MS = 6_000;

interface MetricsRequest {
  readonly type: 'postline-metrics-request';
  readonly id: number;
}

interface MetricsAnswer {
  readonly type: 'postline-metrics-answer';
  readonly id: number;
  /** Left out if they could not be collected. */
  readonly text?: string;
}

/** For the primary: answers requests of the workers for the metrics of all. */
export function answerMetricsRequests(): void {
  const aggregator = new AggregatorRegistry();
  cluster.on('message', (worker: Worker, message: unknown) => {
    if (!isOfType<MetricsRequest>(message, 'postline-metrics-request')) return;
    const answer = (text?: string) => {
      const fields: MetricsAnswer = { type: 'postline-metrics-answer', id: message.id };
      if (worker.isConnected()) worker.send(text === undefined ? fields : { ...fields, text });
    };
    aggregator.clusterMetrics().then(answer, () => {
      answer();
    });
  });
}

/** For a worker: a registry that returns the metrics of all workers. */
export class WorkerRegistry extends Registry {
  readonly #waiting = new Map<number, (answer: MetricsAnswer) => void>();
  #lastId = 0;

  constructor() {
    super();
    AggregatorRegistry.setRegistries([this]);
    new AggregatorRegistry(); // makes the library return the metrics of this worker
    process.on('message', (message) => {
      if (isOfType<MetricsAnswer>(message, 'postline-metrics-answer'))
        this.#waiting.get(message.id)?.(message);
    });
  }

  override metrics(): Promise<string> {
    this.#lastId += 1;
    const request: MetricsRequest = { type: 'postline-metrics-request', id: this.#lastId };
    return new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => {
        this.#waiting.get(request.id)?.({ type: 'postline-metrics-answer', id: request.id });
      }, PRIMARY_DEADLINE_MS);
      this.#waiting.set(request.id, ({ text }) => {
        this.#waiting.delete(request.id);
        clearTimeout(giveUp);
        if (text === undefined) reject(new Error('not every worker returned its metrics'));
        else resolve(text);
      });
      process.send?.(request);
    });
  }
}

function isOfType<Message extends { readonly type: string }>(
  message: unknown,
  type: Message['type'],
): message is Message {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === type;
}
