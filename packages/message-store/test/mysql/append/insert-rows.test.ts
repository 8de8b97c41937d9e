import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PlannedRow } from '../../../src/rules/append-plan.ts';
import { statementsOf } from '../../../src/mysql/append/insert-rows.ts';
import { ROWS_PER_STATEMENT_MAX } from '../../../src/mysql/sessions/statement-shape.ts';

const row = (bytes: number, offset: number): PlannedRow => ({
  publisher: '',
  targetId: 't',
  offset,
  message: 'x'.repeat(bytes),
  idempotencyKey: undefined,
});

it('keeps the rows and their order, and every statement below its bounds', () => {
  const bytesMax = 100_000;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 700 }), (sizes) => {
      const rows = sizes.map((bytes, index) => row(bytes, index + 1));
      const statements = [...statementsOf(rows, bytesMax)];
      expect(statements.flat()).toEqual(rows);
      for (const statement of statements) {
        expect(statement.length).toBeGreaterThan(0);
        expect(statement.length).toBeLessThanOrEqual(ROWS_PER_STATEMENT_MAX);
        const bytes = statement.reduce((sum, { message }) => sum + message.length, 0);
        expect(bytes).toBeLessThanOrEqual(bytesMax);
      }
    }),
    { numRuns: 30 },
  );
});

it('a row that is larger than the bound still goes, alone', () => {
  const statements = [...statementsOf([row(10, 1), row(5_000, 2), row(10, 3)], 1_000)];
  expect(statements.map((statement) => statement.map(({ offset }) => offset))).toEqual([[1], [2], [3]]);
});
