/** Everything that must never happen, with an explanation of each. */
const FINDINGS = {
  lost: 'acknowledged, but not in the database or not delivered to a reader in time',
  repeated: 'delivered twice to a reader that had no reason to expect it',
  'out of order': 'an offset other than the previous one plus one, or a later message with a lower offset',
  leaked: "another target's message",
  'stored twice': 'one send stored as two rows',
  uncommitted: 'seen, although its transaction was not committed',
  phantom: 'delivered, but not in the database',
  contradicted: 'two different messages at one offset',
  corrupted: 'a text that differs from the one that was sent, or a frame with wrong content',
  restarted: 'a reader was told that its cursor is invalid, although no database was restored',
  'stale head': 'a reader that identified was told a head below an offset that had been acknowledged before',
  refused: 'an error or a close code for a client that did nothing wrong',
  crashed: 'a process ended by itself',
  late: 'done, but too late',
  memory: 'a process held in memory what a slow reader did not read',
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
