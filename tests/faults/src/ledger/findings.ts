/** Everything that must never happen, with an explanation of each. */
const FINDINGS = {
  lost: 'acknowledged, and not in the database or not delivered to a reader in time',
  repeated: 'delivered twice to a reader that was not told to expect it',
  'out of order': 'an offset that is not the one before plus one, or a later message with a lower offset',
  leaked: "another target's message",
  'stored twice': 'one send, two rows',
  uncommitted: 'published in a transaction that was not committed, and seen all the same',
  phantom: 'delivered, and not in the database',
  contradicted: 'two messages at one offset',
  corrupted: 'another text than was sent, or a frame that says something else than it must',
  restarted: 'a reader was told that its cursor is worth nothing, without a restored database',
  'stale head': 'a reader that identified was told a head below what had been acknowledged before',
  refused: 'an answer or a close code that no client could have deserved',
  crashed: 'a process ended by itself',
  late: 'done, but not within its time',
  memory: 'a process grew by what a slow reader did not take',
} as const;

export type Finding = keyof typeof FINDINGS;

const EXAMPLES_MAX = 5;

/** Counts findings, and keeps the texts of the first few of each. */
export class Findings {
  readonly #counts = new Map<Finding, number>();
  readonly #examples = new Map<Finding, string[]>();

  add(finding: Finding, example: string, count = 1): void {
    if (count === 0) return;
    this.#counts.set(finding, this.count(finding) + count);
    const examples = this.#examples.get(finding) ?? [];
    this.#examples.set(finding, examples);
    if (examples.length < EXAMPLES_MAX) examples.push(example);
  }

  count(finding: Finding): number {
    return this.#counts.get(finding) ?? 0;
  }

  /** The findings that occurred. */
  found(): Finding[] {
    return [...this.#counts.keys()];
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** One line for each example: `finding: example`. */
  lines(): string[] {
    return [...this.#examples].flatMap(([finding, examples]) =>
      examples.map((text) => `${finding}: ${text}`),
    );
  }
}

/** The explanation of a finding. */
export function meaningOf(finding: string): string | undefined {
  return new Map<string, string>(Object.entries(FINDINGS)).get(finding);
}
