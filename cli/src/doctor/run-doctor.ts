import { apiConnection, relayHttpUrl, relayUrl } from '../connection-options.ts';
import type { Environment } from '@postline/service-runtime';
import { checkClocks, type ClockReading } from './check-clock.ts';
import { checkDatabase } from './check-database.ts';
import { checkDelivery } from './check-delivery.ts';
import { checkOrigin } from './check-origin.ts';
import { checkRedis } from './check-redis.ts';
import { checkService } from './check-service.ts';
import { doctorClient } from './doctor-client.ts';
import { readDoctorSettings } from './doctor-settings.ts';
import { type Finding, skipped } from './finding.ts';

export interface DoctorOptions {
  readonly env: Environment;
  readonly key: string | undefined;
  readonly origin: string | undefined;
}

/** Checks every part, and yields the findings in the order of the parts. */
export async function* runDoctor({ env, key, origin }: DoctorOptions): AsyncGenerator<Finding, void, void> {
  const api = apiConnection(key === undefined ? {} : { key }, env);
  const relay = relayUrl(env);
  const clocks: ClockReading[] = [];
  const { findings, settings } = readDoctorSettings(env);
  yield* findings;

  if (settings !== undefined) {
    const database = await checkDatabase(settings);
    if (database.clock !== undefined) clocks.push(database.clock);
    yield* database.findings;
    yield* await checkRedis(settings);
  }

  const apiCheck = await checkService({
    check: 'api',
    url: api.url.replace(/\/+$/, ''),
    urlVariable: 'POSTLINE_API_URL',
    startCommand: 'npm run api',
  });
  yield* apiCheck.findings;
  const relayCheck = await checkService({
    check: 'relay',
    url: relayHttpUrl(relay),
    urlVariable: 'POSTLINE_RELAY_URL',
    startCommand: 'npm run relay',
  });
  yield* relayCheck.findings;
  clocks.push(...[apiCheck.clock, relayCheck.clock].filter((clock) => clock !== undefined));

  const states = [apiCheck.state, relayCheck.state];
  if (states.includes('not there')) yield skipped('end to end', 'needs the API and the relay');
  else if (states.includes('without database')) yield skipped('end to end', 'needs the database');
  else {
    const client = await doctorClient(settings, api.token);
    if (origin !== undefined) {
      const identify = { type: 'identify', clientId: client.clientId, token: client.token };
      yield* await checkOrigin({ origin, apiUrl: api.url, relayUrl: relay, identify });
    }
    yield* await checkDelivery({ api, relayUrl: relay, client });
  }
  yield* checkClocks(clocks);
}
