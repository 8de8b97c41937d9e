import { createConnection } from 'mysql2/promise';

const ROWS = 10_000_000;
/** The recipients of the workloads. They have nine tenths of the rows. */
const RECIPIENTS = 1_000;
/** Every tenth row is the only one of its target: a million targets. */
const ROWS_PER_LONE_ROW = 10;
const ROWS_PER_STATEMENT = 500_000;
const MS_PER_SECOND = 1_000;

/**
 * Fills an empty database with ten million messages to 1,001,000 targets: 9,000 for each recipient of the workloads, and
 * one for each of a million others. Rows alternate between targets, as from publishers, so the rows of one log lie far
 * apart on the disk, and ids of both kinds lie between each other in the indexes. The server generates the rows, which
 * takes a few minutes.
 */
export async function fillLargeTable(databaseUrl: string): Promise<void> {
  console.log(`\nmaking a table of ${ROWS.toLocaleString('en')} rows, which takes a few minutes`);
  const start = performance.now();
  const connection = await createConnection(databaseUrl);
  for (let from = 0; from < ROWS; from += ROWS_PER_STATEMENT) await connection.query(insertRowsFrom(from));
  await connection.query(
    'INSERT INTO targets (target_id, head) SELECT target_id, MAX(`offset`) FROM messages GROUP BY target_id',
  );
  await connection.end();
  console.log(`it took ${Math.round((performance.now() - start) / MS_PER_SECOND)} s`);
}

/**
 * Row n is the only one of target `client-<1,000 + n div 10>` if n ends with 0; all others are divided among `client-0` to
 * `client-999` in turn. The numbers come from a join of digits, because MySQL has no sequences.
 */
function insertRowsFrom(from: number): string {
  const digits = (count: number) =>
    `(${Array.from({ length: count }, (_, digit) => `SELECT ${digit} AS digit`).join(' UNION ALL ')})`;
  const places = ['a', 'b', 'c', 'd', 'e'].map((name) => `${digits(10)} ${name}`).join(' CROSS JOIN ');
  const numbers =
    `(SELECT ${from} + f.digit * 100000 + a.digit * 10000 + b.digit * 1000 + c.digit * 100 + d.digit * 10 + e.digit ` +
    `AS n FROM ${digits(ROWS_PER_STATEMENT / 100_000)} f CROSS JOIN ${places}) numbers`;
  const lone = `n MOD ${ROWS_PER_LONE_ROW} = 0`;
  const loneNumber = `n DIV ${ROWS_PER_LONE_ROW}`;
  const recipientRow = `n - ${loneNumber} - 1`; // counts the rows before it that are not alone
  return (
    'INSERT INTO messages (message, target_id, `offset`) ' +
    `SELECT RPAD(n, 64, '.'), ` +
    `CONCAT('client-', IF(${lone}, ${RECIPIENTS} + ${loneNumber}, (${recipientRow}) MOD ${RECIPIENTS})), ` +
    `IF(${lone}, 1, (${recipientRow}) DIV ${RECIPIENTS} + 1) FROM ${numbers} ORDER BY n`
  );
}
