/**
 * The command `npm run new-epoch`. Run it after a backup was restored, or after a failover to a replica that may lack
 * commits, before the services start again.
 */
import { join } from 'node:path';
import { databaseReason, type NewEpoch, type NewEpochOptions } from '@postline/message-store';
import {
  effectiveUrls,
  readSettings,
  backendSettings,
  SettingsError,
  wantsHelp,
} from '@postline/service-runtime';
import { z } from 'zod';
import { ArgumentsError, NEW_EPOCH_USAGE, readNewEpochArguments } from './command-arguments.ts';

const environmentSchema = z.object({
  DATABASE_URL: backendSettings.DATABASE_URL,
  DATABASE_URL_FILE: backendSettings.DATABASE_URL_FILE,
  DATABASE_CA_FILE: backendSettings.DATABASE_CA_FILE,
  DATA_DIR: z.string().default('./data'),
});

/** Loads only the database kind that is used: the images do not contain SQLite. */
async function beginEpoch(options: NewEpochOptions): Promise<NewEpoch> {
  const settings = readSettings(environmentSchema, process.env);
  const { databaseUrl } = effectiveUrls(settings);
  if (databaseUrl !== undefined) {
    const { beginMysqlEpoch } = await import('@postline/message-store/mysql');
    return await beginMysqlEpoch({ databaseUrl, databaseCa: settings.DATABASE_CA_FILE, ...options });
  }
  const { beginSqliteEpoch, DATABASE_FILE } = await import('@postline/message-store/sqlite');
  const file = join(settings.DATA_DIR, DATABASE_FILE);
  console.log(`DATABASE_URL is not set: using the embedded database ${file}`);
  return await beginSqliteEpoch({ file, ...options });
}

function reasonsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isOfCaller = error instanceof ArgumentsError || error instanceof SettingsError;
  if (isOfCaller || error.cause === undefined) return error.message;
  const reason = databaseReason(error);
  if (reason.code !== 'other') return `${error.message}: ${reason.text}`;
  return `${error.message}: ${reasonsOf(error.cause)}`;
}

async function run(words: readonly string[]): Promise<void> {
  const { restoredAt } = readNewEpochArguments(words, new Date());
  const { epoch, previousEpoch, targetCount, repairedCount } = await beginEpoch({ restoredAt });
  const start =
    restoredAt === undefined ? 'at its head' : `at its last offset before ${restoredAt.toISOString()}`;
  console.log(`Epoch ${epoch} has begun, after ${previousEpoch}.`);
  console.log(`For each of ${targetCount} targets the new epoch starts ${start}.`);
  console.log(`${repairedCount} counters were missing or behind their rows and have been repaired.`);
}

const words = process.argv.slice(2);
try {
  if (wantsHelp(words)) console.log(NEW_EPOCH_USAGE);
  else await run(words);
} catch (error) {
  console.error(reasonsOf(error));
  process.exitCode = 1;
}
