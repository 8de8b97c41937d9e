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
 * What a feed has seen of its log, beside its head, for the next comparison. The head alone is not enough: where the
 * last rows were replaced and one more was added, a hint for that one looks like any other and moves the head on.
 */
export class SeenRows {
  readonly #targetId: string;
  /** The head at the last comparison. */
  #compared: KnownRow | undefined;
  /** The head when a hint came that nothing known explains. */
  #pinned: KnownRow | undefined;
  /** By the database's clock: the last comparison that found the same row. */
  #sharedUntilMs = 0;

  constructor(targetId: string) {
    this.#targetId = targetId;
  }

  /** Which rows are to be compared with the database: the head, and what was the head before. */
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

  /** Something can't be explained: what is known now is held against the database, whatever comes meanwhile. */
  pin({ head, mark }: Position): void {
    this.#pinned ??= { targetId: this.#targetId, offset: head, mark };
  }

  get isPinned(): boolean {
    return this.#pinned !== undefined;
  }

  /** Whether a hint tells of the very row that is known at its offset. */
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

  /** By the database's clock, until when this log was certainly the one in which `row` was seen. */
  sharedUntilMs({ mark }: KnownRow): number {
    const createdAtMs = Date.parse(mark?.createdAt ?? '');
    return Number.isNaN(createdAtMs) ? this.#sharedUntilMs : Math.max(createdAtMs, this.#sharedUntilMs);
  }

  forget(): void {
    this.#compared = undefined;
    this.#pinned = undefined;
  }
}
