import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, makeTempFolder } from '@postline/test-support';
import { expect, it } from 'vitest';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

const { panels } = JSON.parse(readFileSync('deploy/grafana/postline.json', 'utf8')) as {
  readonly panels: readonly Panel[];
};
const targets = panels.flatMap((panel) => panel.targets ?? []);

it('[MET-6] Prometheus understands every query of the dashboard', async () => {
  expect(targets.length).toBeGreaterThan(60);
  const rules = targets.map(({ expr }, index) => ({
    record: `panel:${index}`,
    expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'),
  }));
  const folder = await makeTempFolder('dashboard');
  const file = join(folder.path, 'rules.yml'); // JSON is YAML
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
  const { status, stderr } = spawnSync(findProgram('promtool'), ['check', 'rules', file], {
    encoding: 'utf8',
  });
  await folder.remove();
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

it('[MET-6] each panel of the dashboard has a place and a number of its own, and reads the chosen data source', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const places = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
  );
  expect(new Set(places).size).toBe(places.length);
  expect(targets.filter(({ datasource }) => datasource.uid !== '${datasource}')).toEqual([]);
});
