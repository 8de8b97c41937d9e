import { styleText } from 'node:util';
import { visibleText } from './visible-text.ts';

type Style = Parameters<typeof styleText>[0];

const LEVEL_STYLES: Readonly<Record<string, Style>> = {
  fatal: ['bold', 'red'],
  error: 'red',
  warn: 'yellow',
  info: 'green',
};
/** The longest level has five letters. */
const LEVEL_WIDTH = 5;

/** Values that need no quotes. */
const PLAIN_VALUE = /^[\w./:@+-]+$/;

type Fields = Readonly<Record<string, unknown>>;

/** Renders a JSON log line for a person: local time, level, service, message, fields, and an error on lines of its own. */
export function terminalLine(line: string, { hasColors }: { readonly hasColors: boolean }): string {
  const entry = parseObject(line);
  if (entry === undefined) return line;
  const style = (kind: Style, text: string) =>
    hasColors ? styleText(kind, text, { validateStream: false }) : text;
  const { time, level, service, msg, err, ...fields } = entry;
  const levelText = visible(level).padEnd(LEVEL_WIDTH);
  const pieces = [
    style('dim', clockTime(time)),
    style(LEVEL_STYLES[visible(level)] ?? 'dim', levelText.toUpperCase()),
    style('cyan', visible(service)),
    visible(msg),
    ...Object.entries(fields).map(([name, value]) => style('dim', `${visible(name)}=${fieldValue(value)}`)),
  ];
  const errorLines = describeError(err).map((text) => `\n    ${visible(text)}`);
  return `${pieces.filter((piece) => piece !== '').join(' ')}${errorLines.join('')}\n`;
}

function parseObject(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function clockTime(time: unknown): string {
  const date = new Date(String(time));
  return Number.isNaN(date.getTime()) ? '' : date.toTimeString().slice(0, 'HH:MM:SS'.length);
}

function visible(value: unknown): string {
  return typeof value === 'string' ? visibleText(value) : '';
}

function fieldValue(value: unknown): string {
  if (typeof value === 'string' && PLAIN_VALUE.test(value)) return value;
  return visibleText(JSON.stringify(value));
}

/** Lines for the error, its stack and its causes. */
function describeError(error: unknown): readonly string[] {
  if (!isObject(error)) return [];
  const { type, message, code, stack, cause } = error;
  const codeText = code === undefined ? '' : ` (${fieldValue(code)})`;
  const frames = typeof stack === 'string' ? stack.split('\n').filter((frame) => /^\s+at /.test(frame)) : [];
  const causes = describeError(cause).map((text, index) => (index === 0 ? `caused by ${text}` : text));
  return [`${visible(type)}: ${visible(message)}${codeText}`, ...frames, ...causes];
}
