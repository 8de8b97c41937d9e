import { expect, it } from 'vitest';
import { terminalLine } from '../../src/logging/terminal-line.ts';

const TIME = '2026-11-23T08:30:05.123Z';
const clock = new Date(TIME).toTimeString().slice(0, 8);

function rendered(entry: object): string {
  return terminalLine(`${JSON.stringify({ level: 'info', time: TIME, service: 'api', ...entry })}\n`, {
    hasColors: false,
  });
}

it('[STA-1] a line has local time, level, service, message and fields', () => {
  expect(rendered({ port: 8080, host: '127.0.0.1', reason: 'not now', msg: 'listening' })).toBe(
    `${clock} INFO  api listening port=8080 host=127.0.0.1 reason="not now"\n`,
  );
});

it('[STA-1] an error has lines of its own, with its stack and its cause', () => {
  const cause = { type: 'TypeError', message: 'inner', stack: 'TypeError: inner\n    at b (b.js:2:2)' };
  const err = { type: 'Error', message: 'outer', code: 'EPIPE', stack: '    at a (a.js:1:1)', cause };
  expect(rendered({ err, msg: 'failed' }).split('\n').slice(1)).toEqual([
    '    Error: outer (EPIPE)',
    '        at a (a.js:1:1)',
    '    caused by TypeError: inner',
    '        at b (b.js:2:2)',
    '',
  ]);
});

it('[STA-1] a logged text cannot move the cursor, begin a line or turn the writing direction', () => {
  const text = rendered({
    origin: '\u001b[2J\u009b1A',
    msg: 'a\r\nb\u202ec',
    err: { type: 'E', message: '\u0007' },
  });
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(text.split('\n')).toHaveLength(3);
  expect(text).toContain('a\\u000d\\u000ab\\u202ec');
});

it('[STA-1] colours are only for a terminal that has them', () => {
  const line = `${JSON.stringify({ level: 'warn', time: TIME, service: 'api', msg: 'careful' })}\n`;
  expect(terminalLine(line, { hasColors: true })).toContain('\u001b[');
  expect(terminalLine(line, { hasColors: false })).not.toContain('\u001b');
});

it('[STA-1] a line that is no JSON stays as it is', () => {
  expect(terminalLine('not JSON\n', { hasColors: true })).toBe('not JSON\n');
});
