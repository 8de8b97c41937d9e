import { spawnSync } from 'node:child_process';
import { findProgram, freshMetrics, publish, RelayClient } from '@postline/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSystem, type System } from '../e2e/system.ts';
import { metricNames, namedMetrics } from './metric-names.ts';

function promtool(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(findProgram('promtool'), args, { input, encoding: 'utf8' });
  return { status, complaints: stderr.trim(), output: stdout };
}

describe('metrics', () => {
  let system: System;
  let api: string;
  let relay: string;
  beforeAll(async () => {
    system = await startSystem();
    const reader = await RelayClient.identified(system.relay.url, { clientId: 'metrics-reader' });
    const { epoch } = await reader.frame('identified');
    for (const message of ['one', 'two', 'three'])
      await publish(system.api.url, { message, targetId: 'metrics-reader' });
    await reader.messagesOnceThereAre(3);
    const resume = { epoch: epoch as string, offsets: { 'metrics-reader': 1 } };
    const late = await RelayClient.identified(system.relay.url, { clientId: 'metrics-reader', resume });
    await late.messagesOnceThereAre(2);
    [api, relay] = await Promise.all([freshMetrics(system.api.url), freshMetrics(system.relay.url)]);
    await Promise.all([reader.close(), late.close()]);
  });
  afterAll(async () => {
    await system.stop();
  });

  it('[MET-1] follow the conventions of Prometheus, and name no client', () => {
    for (const text of [api, relay]) {
      expect(promtool(['check', 'metrics'], text)).toMatchObject({ status: 0, complaints: '' });
      expect(text).not.toContain('metrics-reader');
      const helps = [...text.matchAll(/^# HELP postline_\w+ (.*)$/gm)].map(([, help]) => help);
      expect(helps.length).toBeGreaterThan(20);
      expect(helps.filter((help) => help?.endsWith('.') !== true)).toEqual([]);
    }
  });

  it('[MET-2] [MET-4] show how long messages took, and what a client had missed', () => {
    const value = (name: string) =>
      Number(new RegExp(`^${name.replace('{', '\\{')}.* (\\S+)$`, 'm').exec(relay)?.[1]);
    const sent = value('postline_publish_to_send_seconds_count{source="hint"');
    const read = value('postline_publish_to_send_seconds_count{source="log"');
    expect(sent + read).toBe(3); // the two that were missed are not counted
    expect(value('postline_publish_to_send_seconds_sum{source="hint"')).toBeLessThan(10 * 3);
    expect(value('postline_identify_backlog_messages_count')).toBe(2);
    expect(value('postline_identify_backlog_messages_sum')).toBe(2);
  });

  it('[MET-3] [MET-5] both services show their parts, outages, event loop and version', () => {
    for (const text of [api, relay]) {
      expect(text).toMatch(/^postline_database_up\{.*\} 1$/m);
      expect(text).toMatch(/^postline_bus_up\{.*\} 1$/m);
      expect(text).toMatch(/^postline_outages_total\{part="bus",.*\} \d+$/m);
      expect(text).toMatch(/^postline_event_loop_delay_seconds_count\{.*\} [1-9]/m);
      expect(text).toMatch(/^postline_build_info\{version="\d+\.\d+\.\d+",.*\} 1$/m);
    }
  });

  it.each(['prometheus/alerts.yml', 'grafana/postline.json'])('[MET-6] every metric in %s exists', (file) => {
    const known = metricNames(api + relay);
    const named = namedMetrics(`deploy/${file}`);
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});
