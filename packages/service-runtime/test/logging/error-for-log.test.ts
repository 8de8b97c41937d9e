import { expect, it } from 'vitest';
import { errorForLog } from '../../src/logging/error-for-log.ts';

it('[PUB-12] what a server quotes is left out, and so is the statement', () => {
  const driver = Object.assign(
    new Error(`Incorrect string value: 'it's a secret' for column 'message' at row 1`),
    {
      code: 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
      sql: "INSERT INTO messages VALUES ('secret')",
      sqlMessage: 'secret',
    },
  );
  const logged = errorForLog(new TypeError(`refused: ${driver.message}`, { cause: driver }));
  expect(logged).toMatchObject({
    type: 'TypeError',
    message: "refused: Incorrect string value: '…' at row 1",
    cause: { type: 'Error', code: 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD' },
  });
  expect(logged.stack).toMatch(/^\s+at .*error-for-log\.test\.ts/);
  expect(JSON.stringify(logged)).not.toContain('secret');
});

it('takes whatever is thrown, and ends in a circle of causes', () => {
  expect(errorForLog('secret')).toEqual({
    type: 'string',
    message: 'a value that is not an error was thrown',
  });
  const circle = new Error('round');
  circle.cause = circle;
  expect(JSON.stringify(errorForLog(circle)).match(/"type"/g)).toHaveLength(6);
});
