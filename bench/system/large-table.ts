import { createConnection } from 'mysql2/promise';

const ROWS = 10_000_000;
/** Rows alternate between targets, as from publishers: the rows of one target lie far apart on the disk. */
const TARGETS = 1_000;
const ROWS_PER_STATEMENT = 500_000;

/**
 * Fills an empty database with ten million messages, ten thousand for each recipient of the workloads. The server
 * generates the rows, which takes a few minutes.
 */
export async function fillLargeTable(databaseUrl: string): Promise<void> {
  console.log(`\nmaking a table of ${ROWS.toLocaleString('en')} rows, which takes a few minutes`);
  const connection = await createConnection(databaseUrl);
  for (let from = 0; from < ROWS; from += ROWS_PER_STATEMENT) await connection.query(insertRowsFrom(from));
  await connection.query(
    'INSERT INTO targets (target_id, head) SELECT target_id, MAX(`offset`) FROM messages GROUP BY target_id',
  );
  await connection.end();
}

/** Row n belongs to target n mod 1,000. The numbers come from a join of digits, because MySQL has no sequences. */
function insertRowsFrom(from: number): string {
  const digits = (count: number) =>
    `(${Array.from({ length: count }, (_, digit) => `SELECT ${digit} AS digit`).join(' UNION ALL ')})`;
  const places = ['a', 'b', 'c', 'd', 'e'].map((name) => `${digits(10)} ${name}`).join(' CROSS JOIN ');
  return (
    'INSERT INTO messages (message, target_id, `offset`) ' +
    `SELECT RPAD(n, 64, '.'), CONCAT('client-', n MOD ${TARGETS}), n DIV ${TARGETS} + 1 FROM ` +
    `(SELECT ${from} + f.digit * 100000 + a.digit * 10000 + b.digit * 1000 + c.digit * 100 + d.digit * 10 + e.digit ` +
    `AS n FROM ${digits(ROWS_PER_STATEMENT / 100_000)} f CROSS JOIN ${places}) numbers ORDER BY n`
  );
}
