import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { findProgram } from '@postline/test-support';
import { expect, it } from 'vitest';

const RULES = 'deploy/prometheus/alerts.yml';
const rules = readFileSync(RULES, 'utf8');
const alerts = [...rules.matchAll(/^ *- alert: (\w+)$/gm)].map(([, name = '']) => name);

it.each([
  { what: 'the rules', args: ['check', 'rules', RULES] },
  { what: 'the example of a configuration', args: ['check', 'config', 'deploy/prometheus/prometheus.yml'] },
  { what: 'what the rules do', args: ['test', 'rules', 'deploy/prometheus/alerts.test.yml'] },
])('[MET-6] promtool accepts $what', ({ args }) => {
  const { status, stdout, stderr } = spawnSync(findProgram('promtool'), args, { encoding: 'utf8' });
  expect(`${stdout}${stderr}`).toContain('SUCCESS');
  expect(status).toBe(0);
});

it('[MET-6] each alert is tested, has a severity, and leads to a paragraph about what to do', () => {
  expect(alerts.length).toBeGreaterThan(20);
  const tests = readFileSync('deploy/prometheus/alerts.test.yml', 'utf8');
  expect(alerts.filter((name) => !tests.includes(`alertname="${name}"`))).toEqual([]);
  const runbook = readFileSync('docs/operating.md', 'utf8');
  expect(alerts.filter((name) => !runbook.includes(`\n### ${name}\n`))).toEqual([]);
  const linked = [...rules.matchAll(/runbook_url: \S+operating\.md#(\w+)$/gm)].map(([, anchor]) => anchor);
  expect(linked).toEqual(alerts.map((name) => name.toLowerCase()));
  expect(rules.match(/severity: (?:critical|warning|info)$/gm)).toHaveLength(alerts.length);
});
