import type { FigureSummary } from '../measure/figure.ts';

const HEADINGS = ['', 'median', 'range', 'unit'] as const;

/** The figures as a table for a terminal: one line for each, numbers to the right. */
export function formatTable(figures: readonly FigureSummary[]): string {
  const rows = figures.map(({ name, unit, median, lowest, highest }) => [
    name,
    formatNumber(median),
    `${formatNumber(lowest)} to ${formatNumber(highest)}`,
    unit,
  ]);
  const lines = [[...HEADINGS], ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column === 1 || column === 2 ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** About three significant digits: 9,812 and 94.3 and 1.27. A dash for a value that was not measured. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  const digits = size >= 100 || value === 0 ? 0 : size >= 10 ? 1 : 2;
  const [whole = '', fraction] = value.toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
