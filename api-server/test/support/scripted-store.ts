import type { AppendOutcome, AppendRequest, MessageStore } from '@postline/message-store';

/** One append() that the code under test made, and what is to come of it. */
export interface ScriptedAppend {
  readonly requests: readonly AppendRequest[];
  /** The first message of each request: what tests tell requests apart by. */
  readonly names: readonly string[];
  /** Answers: appended, except where `outcomes` says otherwise by a request's name. */
  answer(outcomes?: Readonly<Record<string, AppendOutcome>>): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** A store whose answers come when a test says so: timing that no real database can be made to have. */
export class ScriptedStore implements Pick<MessageStore, 'append'> {
  readonly appends: ScriptedAppend[] = [];
  readonly #offsets = new Map<string, number>();
  #unanswered = 0;

  /** The append() calls that have no answer yet. */
  get unanswered(): number {
    return this.#unanswered;
  }

  append(requests: readonly AppendRequest[]): Promise<readonly AppendOutcome[]> {
    this.#unanswered += 1;
    return new Promise((resolve, reject) => {
      const settle = async (how: () => void) => {
        this.#unanswered -= 1;
        how();
        await microtasks();
      };
      this.appends.push({
        requests,
        names: requests.map(nameOf),
        answer: (outcomes = {}) =>
          settle(() => {
            resolve(requests.map((request) => outcomes[nameOf(request)] ?? this.#appended(request)));
          }),
        fail: (error) =>
          settle(() => {
            reject(error);
          }),
      });
    });
  }

  /** The latest append(). */
  last(): ScriptedAppend {
    const last = this.appends.at(-1);
    if (last === undefined) throw new Error('nothing was appended');
    return last;
  }

  #appended({ messages }: AppendRequest): AppendOutcome {
    const stored = messages.map(({ targetId, message }) => {
      const offset = (this.#offsets.get(targetId) ?? 0) + 1;
      this.#offsets.set(targetId, offset);
      const createdAt = '2026-11-23T00:00:00.000Z';
      return { id: `${targetId}-${offset}`, targetId, offset, message, createdAt, replayed: false };
    });
    return { kind: 'appended', epoch: 'epoch', messages: stored };
  }
}

/** A request with one message, whose text is its name. */
export function oneMessage(name: string, targetId = '1'): AppendRequest {
  return { publisher: '', messages: [{ targetId, message: name }] };
}

/** Lets everything run that only waits for promises. */
export async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function nameOf({ messages }: AppendRequest): string {
  return messages[0]?.message ?? '';
}
