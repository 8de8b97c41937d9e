/**
 * Writes docs/configuration.md from the schemas that the services read their environment with. With `--check` it writes
 * nothing and fails where the file is not what it would write.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { apiEnvironment, apiProcessEnvironment } from '@postline/api-server';
import { clientTokenEnvironment } from '@postline/client-tokens';
import { serverSettings, sharedSettings } from '@postline/service-runtime';
import { standaloneProcessEnvironment } from '@postline/standalone/configuration';
import { relayEnvironment, relayProcessEnvironment } from '@postline/websocket-server';
import type { z } from 'zod';

const FILE = 'docs/configuration.md';

type Shape = Readonly<Record<string, z.ZodType>>;

interface Section {
  readonly title: string;
  readonly intro: string;
  readonly shape: Shape;
}

/** What of `shape` is not in any of the others. */
function without(shape: Shape, ...others: readonly Shape[]): Shape {
  return Object.fromEntries(Object.entries(shape).filter(([name]) => !others.some((other) => name in other)));
}

const EVERYWHERE = { ...sharedSettings, ...serverSettings, ...clientTokenEnvironment };

const SECTIONS: readonly Section[] = [
  { title: 'Every service', intro: '', shape: EVERYWHERE },
  {
    title: 'The API (`npm run api`)',
    intro: '`DATABASE_URL` and `REDIS_URL` are required.',
    shape: without(apiProcessEnvironment, EVERYWHERE),
  },
  {
    title: 'The relay (`npm run relay`)',
    intro: '`DATABASE_URL` and `REDIS_URL` are required.',
    shape: without(relayProcessEnvironment, EVERYWHERE),
  },
  {
    title: 'Both in one process (`npm start`)',
    intro:
      'Beside these, everything of the API and the relay but `PORT`. `DATABASE_URL` and `REDIS_URL`: both or neither.',
    shape: without(standaloneProcessEnvironment, EVERYWHERE, apiEnvironment, relayEnvironment),
  },
];

function row(name: string, schema: z.ZodType): string {
  const whenUnset = schema.safeParse(undefined);
  const shown = whenUnset.success ? shownDefault(whenUnset.data) : '';
  return `| \`${name}\` | ${shown} | ${schema.meta()?.description ?? ''} |`;
}

function shownDefault(value: unknown): string {
  const isScalar = typeof value === 'number' || (typeof value === 'string' && value !== '');
  return isScalar ? `\`${value}\`` : '';
}

function table({ title, intro, shape }: Section): string {
  const rows = Object.entries(shape).map(([name, schema]) => row(name, schema));
  const lead = intro === '' ? '' : `${intro}\n\n`;
  return `## ${title}\n\n${lead}| variable | default | |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

const text = `# Configuration

Everything is set by environment variables. This page is made from the schemas that read them
(\`node scripts/dist/write-configuration-doc.js\`); a wrong value stops the start with one line for each wrong variable.

${SECTIONS.map(table).join('\n')}`;

if (process.argv.includes('--check')) {
  const isCurrent = readFileSync(FILE, 'utf8') === text;
  console.log(
    isCurrent ? `${FILE} is what the schemas say` : `${FILE} is not what the schemas say; write it anew`,
  );
  process.exitCode = isCurrent ? 0 : 1;
} else {
  writeFileSync(FILE, text);
}
