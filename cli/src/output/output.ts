import { once } from 'node:events';
import { visibleText } from '@postline/service-runtime';
import { Progress } from './progress.ts';
import { hasColors, type Style, styled } from './styles.ts';

const COLUMN_GAP = '  ';

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly style?: Style | ((row: Row) => Style | undefined);
}

export interface OutputOptions {
  /** Print JSON even on a terminal. */
  readonly json?: boolean | undefined;
}

/**
 * Prints records, one per line: in columns on a terminal, otherwise as JSON. Escapes text from other people, so that it
 * can't control the terminal.
 */
export class Output {
  readonly progress = new Progress(process.stderr);
  readonly isForPeople: boolean;
  readonly #hasColors = hasColors(process.stdout);
  /** The widths of the columns so far; empty before the titles were printed. */
  #widths: readonly number[] = [];

  constructor({ json = false }: OutputOptions) {
    this.isForPeople = process.stdout.isTTY && !json;
  }

  /**
   * Prints rows. Resolves when there is room for more output. `record` returns the object to print as JSON, if it is
   * not the row itself.
   */
  async print<Row extends object>(
    rows: readonly Row[],
    columns: readonly Column<Row>[],
    record: (row: Row) => object = (row) => row,
  ): Promise<void> {
    if (rows.length === 0) return;
    const lines = this.isForPeople
      ? this.#columnLines(rows, columns)
      : rows.map((row) => JSON.stringify(record(row)));
    await this.#write(`${lines.join('\n')}\n`);
  }

  /** Prints a line for people to standard error. */
  note(text: string): void {
    this.progress.clear();
    process.stderr.write(`postline: ${visibleText(text)}\n`);
  }

  async #write(text: string): Promise<void> {
    this.progress.clear();
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  }

  #columnLines<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): readonly string[] {
    const cells = rows.map((row) => columns.map(({ text }) => visibleText(text(row))));
    const isFirst = this.#widths.length === 0;
    this.#widths = columns.map(({ title }, index) =>
      Math.max(this.#widths[index] ?? title.length, ...cells.map((texts) => texts[index]?.length ?? 0)),
    );
    const titles = columns.map(({ title }, index) => this.#cell(title, index, columns.length, 'dim'));
    const lines = rows.map((row, line) =>
      columns
        .map(({ style }, index) => {
          const rowStyle = typeof style === 'function' ? style(row) : style;
          return this.#cell(cells[line]?.[index] ?? '', index, columns.length, rowStyle);
        })
        .join(COLUMN_GAP),
    );
    return isFirst ? [titles.join(COLUMN_GAP), ...lines] : lines;
  }

  /** Pads a cell to its column's width. The last column is not padded. */
  #cell(text: string, index: number, count: number, style: Style | undefined): string {
    const padded = index === count - 1 ? text : text.padEnd(this.#widths[index] ?? 0);
    return styled(padded, style, this.#hasColors);
  }
}
