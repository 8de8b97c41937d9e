import { isUtf8 } from 'node:buffer';
import type { TestDatabase } from '@postline/test-support';
import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createMigratedDatabase, rowsOf } from '../support/migrated-database.ts';

const MESSAGE_BYTES_MAX = 65_535;

let database: TestDatabase;
let application: Connection;
beforeAll(async () => {
  database = await createMigratedDatabase(inject('databaseServerUrl'));
  application = await createConnection({ uri: database.url });
});
afterAll(async () => {
  await application.end();
  await database.drop();
});
beforeEach(async () => {
  await application.query('DELETE FROM outbox');
});

async function use(...settings: readonly string[]): Promise<void> {
  for (const setting of settings) await application.query(setting);
}

/** What waits in the outbox, as bytes. */
async function waiting(): Promise<{ targetId: string; message: Buffer }[]> {
  const rows = await rowsOf(
    application,
    'SELECT target_id, CAST(message AS BINARY) AS message FROM outbox ORDER BY id',
  );
  return rows.map((row) => ({ targetId: String(row['target_id']), message: row['message'] as Buffer }));
}

const STRICT = "SET SESSION sql_mode = 'STRICT_TRANS_TABLES'";
const LAX = "SET SESSION sql_mode = ''";

const BAD_IDS: Readonly<Record<string, string | null>> = {
  NULL: null,
  empty: '',
  'a space': ' ',
  'a trailing space': 'bob ',
  'a trailing line end': 'bob\n',
  'a trailing NUL': 'bob\0',
  'a leading dot': '.bob',
  'a leading plus sign': '+bob',
  'a leading bar': '|bob',
  'a percent sign': 'auth0%7C5f7c',
  'nothing but a reserved word': '__proto__',
  'no group’s name': 'group:',
  'an accent': 'bób',
  'a Kelvin sign, which is a K to whoever ignores case': '\u212aelvin',
  '129 characters': 'x'.repeat(129),
  '70,000 characters': 'x'.repeat(70_000),
};

describe.each([
  ['strict', STRICT],
  ['not strict', LAX],
])('an application whose session is %s', (_, mode) => {
  beforeEach(async () => {
    await use(mode, 'SET NAMES utf8mb4');
  });

  it.each(Object.entries(BAD_IDS))('[SQL-6] is refused an id with %s', async (_name, targetId) => {
    const call = application.execute('CALL publish_message(?, ?)', [targetId, 'x']);
    await expect(call).rejects.toMatchObject({
      sqlState: '45000',
      message: expect.stringContaining('target_id'),
    });
    expect(await waiting()).toEqual([]);
  });

  it.each([
    ['NULL', null],
    ['empty', ''],
    ['one byte too long', 'x'.repeat(MESSAGE_BYTES_MAX + 1)],
    ['one byte too long, in characters of four', `${'😀'.repeat(16_383)}abcd`],
    ['a megabyte', 'x'.repeat(1_000_000)],
  ])('[SQL-6] is refused a message that is %s', async (_name, message) => {
    const call = application.execute('CALL publish_message(?, ?)', ['1', message]);
    await expect(call).rejects.toMatchObject({
      sqlState: '45000',
      message: expect.stringContaining('65535'),
    });
    expect(await waiting()).toEqual([]);
  });

  it('[SQL-6] has every id and message that HTTP takes taken as it is', async () => {
    const ids = [
      '1',
      'auth0|5f7c',
      'Bob',
      'user+tag@x.example',
      '_a.b_c:d@e-f~g',
      'group:all',
      `-${'x'.repeat(127)}`,
    ];
    const messages = [
      ' ',
      '\ufffe \u{10ffff} ',
      '\0',
      '👩‍👩‍👧 and 𝄞 힣\ud7ff',
      `${'😀'.repeat(16_383)}abc`,
      '?',
      "'\\",
    ];
    for (const [index, targetId] of ids.entries()) {
      await application.execute('CALL publish_message(?, ?)', [targetId, messages[index] ?? '']);
    }
    const expected = ids.map((targetId, index) => ({
      targetId,
      message: Buffer.from(messages[index] ?? ''),
    }));
    expect(await waiting()).toEqual(expected);
  });

  it('[SQL-6] may give the target as a number', async () => {
    await application.query("CALL publish_message(7, 'seven')");
    expect(await waiting()).toMatchObject([{ targetId: '7' }]);
  });
});

it('[SQL-6] a text of a latin1 connection arrives as the text that it is', async () => {
  await use(LAX, 'SET NAMES latin1');
  await application.query("CALL publish_message('1', CONCAT('caf', _latin1 X'E9'))");
  await use('SET NAMES utf8mb4');
  expect((await waiting()).map(({ message }) => message.toString())).toEqual(['café']);
});

it('[SQL-6] bytes that are no text are refused by the server where the session is strict', async () => {
  await use(STRICT, 'SET NAMES utf8mb4');
  const call = application.query("CALL publish_message('1', X'41FF42')");
  await expect(call).rejects.toMatchObject({ errno: 1366 });
  expect(await waiting()).toEqual([]);
});

/** Bytes that are no text: encoded surrogates, too long forms, beyond U+10FFFF, cut off, and what never begins a character. */
const ILL_FORMED = [
  'EDA080',
  'EDBFBF',
  'EDA080EDB080',
  'C080',
  'E09FBF',
  'F08FBFBF',
  'F4908080',
  'F5808080',
  'C3',
  'E282',
  'F09F98',
  '80',
  'FF',
];

/** The ways in which bytes get to be an argument. */
const WAYS: Readonly<Record<string, (hex: string) => string>> = {
  'a binary string': (hex) => `X'${hex}'`,
  'a literal': (hex) => `_utf8mb4 X'${hex}'`,
  'a literal of three bytes a character': (hex) => `_utf8mb3 X'${hex}'`,
  'CONVERT … USING': (hex) => `CONVERT(UNHEX('${hex}') USING utf8mb4)`,
  'CONVERT … USING utf8mb3': (hex) => `CONVERT(X'${hex}' USING utf8mb3)`,
  CAST: (hex) => `CAST(X'${hex}' AS CHAR CHARACTER SET utf8mb4)`,
  CONCAT: (hex) => `CONCAT(_utf8mb4'', X'${hex}')`,
  'a column': (hex) => `(SELECT X'${hex}' UNION ALL SELECT 1 LIMIT 1)`,
};

it.each(Object.entries(WAYS))(
  '[SQL-6] bytes that are no text are refused, by the server or by the procedure, as %s',
  async (_name, argument) => {
    await use(STRICT, 'SET NAMES utf8mb4');
    for (const bytes of ILL_FORMED) {
      const call = application.query(`CALL publish_message('1', ${argument(`41${bytes}42`)})`);
      await expect(call, bytes).rejects.toThrow();
    }
    expect(await waiting()).toEqual([]);
  },
);

it('[SQL-6] encoded surrogates are refused wherever they are, and what is only near them is taken', async () => {
  const bytesOf = (text: string) => Buffer.from(text).toString('hex');
  const long = bytesOf('힣'.repeat(21_844)); // each begins with the byte that a surrogate begins with
  const call = (hex: string) =>
    application.query(`CALL publish_message('1', CONVERT(X'${hex}' USING utf8mb4))`);
  const halves = [long.slice(0, 60_000), long.slice(60_000)];
  for (const hex of ['EDA080', `${long}EDB080`, `EDBFBF${long}`, halves.join('EDA080')]) {
    await use(STRICT, 'SET NAMES utf8mb4');
    await expect(call(hex)).rejects.toMatchObject({ sqlState: '45000' });
    await use(LAX);
    await call(hex).catch(() => undefined); // MySQL cuts it there and warns, before the procedure is called
  }
  for (const { message } of await waiting()) expect(isUtf8(message)).toBe(true);
  await use('DELETE FROM outbox');
  const taken = [
    '힣',
    '\ud7ff\ue000',
    'í\u00a0 Í¿',
    '\u0360',
    'ᭀ'.repeat(20_000),
    '한국어',
    '힣'.repeat(21_845),
  ];
  for (const message of taken) await application.execute("CALL publish_message('1', ?)", [message]);
  expect((await waiting()).map(({ message }) => message.toString())).toEqual(taken);
});

it('[SQL-6] a row that no log could take can’t get into the outbox without the procedure either', async () => {
  await use(LAX);
  for (const targetId of ['', 'bob ', 'group:', '.x', 'a b', '__proto__', '+x']) {
    const insert = application.execute('INSERT INTO outbox (target_id, message) VALUES (?, ?)', [
      targetId,
      'x',
    ]);
    await expect(insert, targetId).rejects.toThrow();
  }
  await expect(
    application.query("INSERT INTO outbox (target_id, message) VALUES ('1', '')"),
  ).rejects.toThrow();
  expect(await waiting()).toEqual([]);
});

it('[SQL-7] LAST_INSERT_ID() stays what it was', async () => {
  await use(STRICT, 'CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, item TEXT) ENGINE = InnoDB');
  await use("INSERT INTO orders (id, item) VALUES (4711, 'first')", "INSERT INTO orders (item) VALUES ('x')");
  await use("CALL publish_message('1', 'ordered')");
  expect(await rowsOf(application, 'SELECT LAST_INSERT_ID() AS id')).toMatchObject([{ id: 4_712 }]);
});

it('[SQL-7] a user who may only call it and fill the outbox can publish, and nothing else', async () => {
  const user = `app_${database.name.slice(-8)}`;
  await use(
    `CREATE USER ${user}@'%' IDENTIFIED BY 'Some-1-password'`,
    `GRANT EXECUTE ON PROCEDURE ${database.name}.publish_message TO ${user}@'%'`,
    `GRANT INSERT (target_id, message) ON ${database.name}.outbox TO ${user}@'%'`,
  );
  const url = new URL(database.url);
  const port = Number(url.port);
  const plain = await createConnection({ host: url.hostname, port, user, password: 'Some-1-password' });
  await plain.query(`CALL ${database.name}.publish_message('1', 'from a plain user')`);
  await expect(plain.query(`SELECT * FROM ${database.name}.outbox`)).rejects.toThrow();
  await expect(plain.query(`SELECT * FROM ${database.name}.messages`)).rejects.toThrow();
  await plain.end();
  await use(`DROP USER ${user}@'%'`);
  expect(await waiting()).toHaveLength(1);
});
