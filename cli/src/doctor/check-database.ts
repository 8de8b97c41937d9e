import { databaseReason } from '@postline/message-store';
import { effectiveUrls } from '@postline/service-runtime';
import type { ClockReading } from './check-clock.ts';
import { databaseAdvice } from './database-advice.ts';
import type { DoctorSettings } from './doctor-settings.ts';
import { fault, type Finding, ok, warning } from './finding.ts';

const CHECK = 'database';

export interface DatabaseCheck {
  readonly findings: readonly Finding[];
  readonly clock?: ClockReading;
}

/**
 * Connects as the services do, and checks the session, the schema, durability and whether a message could be stored.
 */
export async function checkDatabase(settings: DoctorSettings): Promise<DatabaseCheck> {
  const { databaseUrl } = effectiveUrls(settings);
  if (databaseUrl === undefined) return { findings: [] };
  const { createMysqlMessageStore } = await import('@postline/message-store/mysql');
  const store = createMysqlMessageStore({ databaseUrl, databaseCa: settings.DATABASE_CA_FILE });
  try {
    const { server, readOnlyBy, risks } = await store.checkReady();
    if (readOnlyBy === undefined) await store.checkWritable();
    const sentAtMs = Date.now();
    const { databaseTimeMs } = await store.readHeads([]);
    const clock = { of: 'database', atMs: databaseTimeMs, hereMs: (sentAtMs + Date.now()) / 2, unclearMs: 0 };
    const what = server?.text ?? 'the database';
    const finding =
      readOnlyBy === undefined
        ? ok(CHECK, `${what}: answers, has the schema, and takes writes`)
        : fault(CHECK, `${what}: takes no writes (${readOnlyBy})`, databaseAdvice('read_only'));
    return { findings: [finding, ...risks.map(({ text }) => warning(CHECK, text))], clock };
  } catch (error) {
    const { code, text } = databaseReason(error);
    return { findings: [fault(CHECK, text, databaseAdvice(code))] };
  } finally {
    await store.close();
  }
}
