import type { KnownRow } from '@postline/message-store';
import type { RowMark } from '@postline/protocol';

/** Which log, and how far. Replaced, never changed, so that what was known at an earlier moment can be kept. */
export interface Position {
  readonly epoch: string;
  readonly head: number;
  /** The row at the head; undefined if it was deleted, or not read yet. */
  readonly mark?: RowMark | undefined;
}

/**
 * The rows that a feed has seen of its log, for the next comparison. The head alone is not enough: if the last rows were
 * replaced and one was added, the hint for the added one looks like any other and moves the head.
 */
export class SeenRows {
  readonly #targetId: string;
  /** The head at the last comparison. */
  #compared: KnownRow | undefined;
  /** The head when a hint arrived that nothing known explains. */
  #pinned: KnownRow | undefined;
  /** The last comparison that found the same row, by the database's clock. */
  #sharedUntilMs = 0;

  constructor(targetId: string) {
    this.#targetId = targetId;
  }

  /** The rows to compare with the database: the head, and earlier heads. */
  rows(position: Position | undefined): readonly KnownRow[] {
    if (position === undefined || position.head === 0) return [];
    const head = { targetId: this.#targetId, offset: position.head, mark: position.mark };
    const compared = this.#compared;
    const rows: KnownRow[] = [head];
    if (compared !== undefined && (compared.offset !== head.offset || compared.mark !== head.mark))
      rows.push(compared);
    if (this.#pinned !== undefined) rows.push(this.#pinned);
    return rows;
  }

  /** A hint cannot be explained: the next comparison includes the present head, even if the head moves on until then. */
  pin({ head, mark }: Position): void {
    this.#pinned ??= { targetId: this.#targetId, offset: head, mark };
  }

  get isPinned(): boolean {
    return this.#pinned !== undefined;
  }

  /** Whether a hint is about the very row that is known at its offset. */
  knows(offset: number, row: RowMark): boolean {
    const known = this.#compared;
    return known?.offset === offset && known.mark?.id === row.id && known.mark.createdAt === row.createdAt;
  }

  /** The database agreed with these rows. */
  onAgreed(rows: readonly KnownRow[], databaseTimeMs: number): void {
    const [head] = rows;
    if (head === undefined) return;
    this.#compared = head;
    if (this.#pinned !== undefined && rows.includes(this.#pinned)) this.#pinned = undefined;
    this.#sharedUntilMs = databaseTimeMs;
  }

  /** Until when this log was certainly the one in which `row` was seen, by the database's clock. */
  sharedUntilMs({ mark }: KnownRow): number {
    const createdAtMs = Date.parse(mark?.createdAt ?? '');
    return Number.isNaN(createdAtMs) ? this.#sharedUntilMs : Math.max(createdAtMs, this.#sharedUntilMs);
  }

  forget(): void {
    this.#compared = undefined;
    this.#pinned = undefined;
  }
}
