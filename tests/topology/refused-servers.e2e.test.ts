/** Servers that no test machine has, by the answers that they give: the whole start of each service. */
import { startFakeDatabase } from '@postline/test-support';
import { expect, it } from 'vitest';
import { launchOn } from './topology-services.ts';

const GROUP = {
  group_replication_group_name: '11111111-2222-3333-4444-555555555555',
  group_replication_single_primary_mode: 'ON',
  group_replication_consistency: 'EVENTUAL',
};

it.each([
  [
    'a replication group with a low consistency',
    'api-server',
    GROUP,
    'group_replication_consistency is EVENTUAL',
  ],
  [
    'one with several primaries',
    'websocket-server',
    { ...GROUP, group_replication_single_primary_mode: 'OFF', group_replication_consistency: 'AFTER' },
    'group_replication_single_primary_mode is OFF',
  ],
  ['TiDB', 'websocket-server', { version: '8.0.11-TiDB-v7.5.1' }, 'DATABASE_URL leads to TiDB'],
  ['Vitess', 'api-server', { version: '8.0.30-Vitess' }, 'DATABASE_URL leads to Vitess'],
])(
  '[DBC-12] [OPS-17] %s: %s ends its start with 1, and the last line names the setting',
  async (_, service, variables, words) => {
    const fake = await startFakeDatabase(variables);
    const started = launchOn(service, fake.url);
    expect(await started.ended).toBe(1);
    const ends = started
      .output()
      .split('\n')
      .filter((line) => line.startsWith('could not start'));
    expect(ends).toHaveLength(1);
    expect(ends[0]).toContain(`the database cannot be used: ${words}`);
    fake.close();
  },
);
