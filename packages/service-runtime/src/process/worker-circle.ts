/** Questions that one worker of a service asks all of them, as they share a port and each knows only its own part. */
import cluster, { type Worker } from 'node:cluster';
import { withDeadline } from '../calls/deadline.ts';

/** A worker answers in milliseconds; one that stands still is left out. */
const ANSWER_MS_MAX = 1_500;
/** The primary gives up on workers first. */
const PRIMARY_MS_MAX = ANSWER_MS_MAX + 500;

interface Message {
  readonly type: 'postline-ask-all' | 'postline-ask' | 'postline-answer' | 'postline-answers';
  /** Which of the questions of a service it is about. */
  readonly topic: string;
  /** Of the question, in the process that gave it the number. */
  readonly id: number;
}

interface Asked extends Message {
  readonly question: unknown;
}

interface Answered extends Message {
  /** Left out if there was an error. */
  readonly answer?: unknown;
}

export interface CircleAnswers<Answer> {
  /** The answers of the processes that answered in time. */
  readonly answers: readonly Answer[];
  /** Processes that were asked. */
  readonly expected: number;
}

interface AllAnswered extends Message, CircleAnswers<unknown> {}

/** For the primary: forwards the questions of each worker to all workers, and their answers to the one that asked. */
export function forwardWorkerQuestions(): void {
  let lastId = 0;
  const waiting = new Map<number, (answered: Answered) => void>();
  const ask = (worker: Worker, { topic, question }: Asked): Promise<Answered> => {
    lastId += 1;
    const id = lastId;
    const answered = new Promise<Answered>((resolve) => {
      waiting.set(id, resolve);
      const asking: Asked = { type: 'postline-ask', topic, id, question };
      send(worker, asking);
    });
    return withDeadline(answered, { what: 'a worker', milliseconds: ANSWER_MS_MAX }).finally(() =>
      waiting.delete(id),
    );
  };
  const askAll = async (asking: Worker, asked: Asked) => {
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected() === true);
    const results = await Promise.allSettled(
      workers.flatMap((worker) => (worker ? [ask(worker, asked)] : [])),
    );
    const answers = results.flatMap((result) =>
      result.status === 'fulfilled' && result.value.answer !== undefined ? [result.value.answer] : [],
    );
    const { topic, id } = asked;
    const all: AllAnswered = { type: 'postline-answers', topic, id, answers, expected: workers.length };
    send(asking, all);
  };
  cluster.on('message', (worker: Worker, message: unknown) => {
    if (isOfType<Asked>(message, 'postline-ask-all')) void askAll(worker, message);
    if (isOfType<Answered>(message, 'postline-answer')) waiting.get(message.id)?.(message);
  });
}

/**
 * Asks all processes of a service the same question, this one included. A service without workers asks only itself. Questions
 * and answers are copied between the processes as JSON.
 */
export class WorkerCircle<Question, Answer> {
  readonly #topic: string;
  readonly #answer: (question: Question) => Promise<Answer>;
  readonly #waiting = new Map<number, (answers: CircleAnswers<Answer>) => void>();
  #lastId = 0;

  constructor(topic: string, answer: (question: Question) => Promise<Answer>) {
    this.#topic = topic;
    this.#answer = answer;
    if (cluster.isWorker) process.on('message', this.#onMessage);
  }

  /** Answers no more questions. */
  leave(): void {
    process.off('message', this.#onMessage);
  }

  /** Rejects if the primary does not answer. A worker that does not answer in time is left out. */
  async ask(question: Question): Promise<CircleAnswers<Answer>> {
    if (!cluster.isWorker) return { answers: [await this.#answer(question)], expected: 1 };
    this.#lastId += 1;
    const id = this.#lastId;
    const answers = new Promise<CircleAnswers<Answer>>((resolve) => {
      this.#waiting.set(id, resolve);
      process.send?.({ type: 'postline-ask-all', topic: this.#topic, id, question } satisfies Asked);
    });
    return await withDeadline(answers, { what: 'the primary', milliseconds: PRIMARY_MS_MAX }).finally(() =>
      this.#waiting.delete(id),
    );
  }

  readonly #onMessage = (message: unknown): void => {
    if (isOfType<Asked>(message, 'postline-ask') && message.topic === this.#topic) void this.#reply(message);
    if (isOfType<AllAnswered>(message, 'postline-answers') && message.topic === this.#topic)
      this.#waiting.get(message.id)?.(message as CircleAnswers<Answer>);
  };

  async #reply({ topic, id, question }: Asked): Promise<void> {
    const message: Message = { type: 'postline-answer', topic, id };
    try {
      const answer = await this.#answer(question as Question);
      process.send?.({ ...message, answer });
    } catch {
      process.send?.(message); // the one that asked goes on without this answer
    }
  }
}

function send(worker: Worker, message: Message): void {
  if (worker.isConnected()) worker.send(message);
}

function isOfType<M extends Message>(message: unknown, type: M['type']): message is M {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === type;
}
