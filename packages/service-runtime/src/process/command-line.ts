import { basename } from 'node:path';
import type { z } from 'zod';
import { VERSION } from '../version.ts';

/** A service as it is called. */
export interface ServiceCommand {
  /** `npm run api` */
  readonly usage: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** Further lines of its help. */
  readonly notes?: readonly string[];
  /** Variables of other services that have no effect here, each with what to use instead. */
  readonly replacedSettings?: Readonly<Record<string, string>>;
  /** Its settings, by the name of their environment variable. */
  readonly settings: Readonly<Record<string, z.ZodType>>;
}

/** What is printed instead of a start. */
export interface CommandLineAnswer {
  readonly lines: readonly string[];
  readonly exitCode: 0 | 1;
}

const LINE_CHARACTERS_MAX = 100;
const INDENT = '      ';

/** The program of the published package; it starts the services, and its first word can be a command. */
const PACKAGE_PROGRAM = 'postline-server';

/** How people call a command here (`npm start` without one): by npm in the repository, else by the package's program. */
export function calledAs(command?: string): string {
  const isPackage = basename(process.argv[1] ?? '').startsWith(PACKAGE_PROGRAM);
  if (command === undefined) return isPackage ? PACKAGE_PROGRAM : 'npm start --';
  return isPackage ? `${PACKAGE_PROGRAM} ${command}` : `npm run ${command} --`;
}

/** True for `--help` or `-h` among the options. */
export function wantsHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  const options = end < 0 ? words : words.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}

/**
 * Answers the arguments of a service; undefined if it has none and starts. An unknown one is refused: somebody who
 * passes `--port 9000` would otherwise look for it at the wrong port.
 */
export function answerArguments(
  command: ServiceCommand,
  words: readonly string[],
): CommandLineAnswer | undefined {
  const [word] = words;
  if (word === undefined) return undefined;
  if (wantsHelp(words)) return { lines: helpLines(command), exitCode: 0 };
  if (words.includes('--version')) return { lines: [VERSION], exitCode: 0 };
  const lines = [`Unknown argument ${word}. Settings are environment variables; --help lists them.`];
  return { lines, exitCode: 1 };
}

function helpLines({ usage, summary, notes = [], settings }: ServiceCommand): readonly string[] {
  return [
    `Usage: ${usage} [--help | --version]`,
    '',
    ...wrapped(summary, ''),
    ...notes,
    '',
    'Settings are environment variables:',
    ...Object.entries(settings).flatMap(([name, schema]) => ['', ...settingLines(name, schema)]),
  ];
}

function settingLines(name: string, schema: z.ZodType): readonly string[] {
  const whenUnset = schema.safeParse(undefined);
  const value = whenUnset.success ? whenUnset.data : undefined;
  const hasDefault = typeof value === 'number' || (typeof value === 'string' && value !== '');
  const description = plainText(schema.meta()?.description ?? '');
  return [`  ${name}${hasDefault ? `=${value}` : ''}`, ...wrapped(description, INDENT)];
}

/** Descriptions are Markdown, for docs/configuration.md. */
function plainText(markdown: string): string {
  return markdown.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
}

function wrapped(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + word.length >= LINE_CHARACTERS_MAX) {
      lines.push(indent + line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, indent + line];
}
