/**
 * `npm run failover-times`: Redis and the primary of the database fail over under load, one fault after the other; prints
 * what an API's publishers and a relay's reader saw of each, as a table. `--only TEXT`: the faults whose name has it.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type DatabaseServer, startApi, startDatabase, startRelay } from '@postline/test-support';
import { type Failover, FAILOVERS } from './failovers.ts';
import { describeOutages, hasKeptAll, measureOutage, type Outage } from './outage.ts';
import { Traffic } from './traffic.ts';

/** The contract says 5 s after the new server's readiness; a loaded machine takes longer, which the table shows. */
const PROMPT_WITHIN_MS = 120_000;
/** The contract: no acknowledged message later than 3 s. */
const ARRIVED_WITHIN_MS = 30_000;
const REPORT_FILE = 'reports/failover-times.json';

async function measure({ fault, prepare }: Failover, database: DatabaseServer): Promise<Outage> {
  const { databaseUrl, redisUrl, strike, stop } = await prepare(database);
  const servers = { databaseUrl, redisUrl, redisPrefix: `${randomBytes(4).toString('hex')}:` };
  const api = await startApi(servers);
  const relay = await startRelay(servers);
  try {
    const traffic = await Traffic.start({ apiUrl: api.url, relayUrl: relay.url }, PROMPT_WITHIN_MS);
    const struckMs = performance.now();
    await strike();
    const readyMs = performance.now();
    const promptMs = await traffic.promptAfter(readyMs, PROMPT_WITHIN_MS);
    if (traffic.isCut) throw new Error(`${fault}: the relay has closed the reader's connection`);
    await traffic.finish(ARRIVED_WITHIN_MS);
    return measureOutage(fault, traffic, { struckMs, readyMs, promptMs });
  } finally {
    await Promise.all([api.stop(), relay.stop()]);
    await stop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
  const chosen = FAILOVERS.filter(({ fault }) => fault.includes(values.only));
  if (chosen.length === 0) throw new Error(`no fault has "${values.only}" in its name`);
  const database = await startDatabase();
  const outages: Outage[] = [];
  for (const failover of chosen) {
    const outage = await measure(failover, database);
    outages.push(outage);
    console.log(`${outage.fault}: prompt again after ${outage.promptMs} ms`);
  }
  console.log(`\n${describeOutages(outages)}\n\nTimes are after the fault.`);
  await mkdir('reports', { recursive: true });
  await writeFile(REPORT_FILE, `${JSON.stringify(outages, null, 2)}\n`);
  await database.stop();
  if (!outages.every(hasKeptAll)) process.exitCode = 1;
}

for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1)); // its folders go too
await main();
process.exit();
