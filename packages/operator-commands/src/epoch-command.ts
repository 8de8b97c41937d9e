import { join } from 'node:path';
import { databaseReason, type NewEpoch, type NewEpochOptions } from '@postline/message-store';
import { backendSettings, effectiveUrls, readSettings, SettingsError } from '@postline/service-runtime';
import type { Command } from 'commander';
import { z } from 'zod';
import { timeWithZone } from './argument-parsers.ts';
import { addExamples, addHelpSection, createCommand } from './command.ts';
import { CommandFailure } from './command-failure.ts';

const environmentSchema = z.object({
  DATABASE_URL: backendSettings.DATABASE_URL,
  DATABASE_URL_FILE: backendSettings.DATABASE_URL_FILE,
  DATABASE_CA_FILE: backendSettings.DATABASE_CA_FILE,
  DATA_DIR: z.string().default('./data'),
});

interface EpochOptions extends NewEpochOptions {
  readonly json?: true;
}

/** `epoch new`: to be run after a backup was restored, or after a failover to a replica that may lack commits. */
export function createEpochCommand(): Command {
  return createCommand('epoch')
    .description('Begins a new epoch after a backup was restored.')
    .addCommand(createNewEpochCommand('new'));
}

/** The same in one word. */
export function createNewEpochCommand(name: string): Command {
  const command = createCommand(name)
    .description(
      'Begins a new epoch. Run it after a backup was restored, or after a failover to a replica that may lack commits, before the services start again.',
    )
    .option(
      '--restored-at <time>',
      'when the backup was restored, with its zone; needed if messages have been stored since',
      timeWithZone,
    )
    .option('--json', 'print JSON')
    .action(async ({ json, ...options }: EpochOptions) => {
      const began = await beginEpoch(options, { isQuiet: json === true });
      console.log(json === true ? JSON.stringify(began) : reportLines(began, options));
    });
  addHelpSection(command, 'Environment', [
    ['DATABASE_URL', 'the database of the services; or DATABASE_URL_FILE'],
    ['DATA_DIR', 'without it: the folder of the embedded database (default: ./data)'],
  ]);
  addExamples(command, 'postline epoch new --restored-at 2026-11-23T08:30:00Z');
  return command;
}

async function beginEpoch(options: NewEpochOptions, { isQuiet }: { isQuiet: boolean }): Promise<NewEpoch> {
  try {
    return await beginEpochOf(readSettings(environmentSchema, process.env), options, isQuiet);
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    throw new CommandFailure(reasonsOf(error), { cause: error });
  }
}

/** Loads only the database kind that is used: the services' images do not contain SQLite. */
async function beginEpochOf(
  settings: z.output<typeof environmentSchema>,
  options: NewEpochOptions,
  isQuiet: boolean,
): Promise<NewEpoch> {
  const { databaseUrl } = effectiveUrls(settings);
  if (databaseUrl !== undefined) {
    const { beginMysqlEpoch } = await import('@postline/message-store/mysql');
    return await beginMysqlEpoch({ databaseUrl, databaseCa: settings.DATABASE_CA_FILE, ...options });
  }
  const { beginSqliteEpoch, DATABASE_FILE } = await import('@postline/message-store/sqlite');
  const file = join(settings.DATA_DIR, DATABASE_FILE);
  if (!isQuiet) console.log(`DATABASE_URL is not set: using the embedded database ${file}`);
  return await beginSqliteEpoch({ file, ...options });
}

function reportLines(began: NewEpoch, { restoredAt }: NewEpochOptions): string {
  const { epoch, previousEpoch, targetCount, repairedCount } = began;
  const start =
    restoredAt === undefined ? 'at its head' : `at its last offset before ${restoredAt.toISOString()}`;
  return [
    `Epoch ${epoch} has begun, after ${previousEpoch}.`,
    `For each of ${targetCount} targets the new epoch starts ${start}.`,
    `${repairedCount} counters were missing or behind their rows and have been repaired.`,
  ].join('\n');
}

function reasonsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  const reason = databaseReason(error);
  if (reason.code !== 'other') return `${error.message}: ${reason.text}`;
  return `${error.message}: ${reasonsOf(error.cause)}`;
}
