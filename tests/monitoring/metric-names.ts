import { readFileSync } from 'node:fs';

const SUFFIXES = { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] };

/** The names of all series on a page of metrics, also of those that have no value yet. */
export function metricNames(page: string): ReadonlySet<string> {
  const types = [...page.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type = '']) => {
      const suffixes = type === 'histogram' || type === 'summary' ? SUFFIXES[type] : [''];
      return suffixes.map((suffix) => name + suffix);
    }),
  );
}

/** The metrics of services that the queries in a file name, each once. */
export function namedMetrics(file: string): readonly string[] {
  return namedIn(queriesIn(readFileSync(file, 'utf8')));
}

function namedIn(queries: readonly string[]): readonly string[] {
  const names = queries.flatMap((query) => query.match(/\b(?:postline|process|nodejs)_\w+/g) ?? []);
  return [...new Set(names)];
}

/** `expr` in rules (YAML) and dashboards (JSON); in YAML it may go on in deeper lines. */
function queriesIn(text: string): readonly string[] {
  return [...text.matchAll(/^( *)"?expr"?: *(.*(?:\n\1 .*)*)/gm)].map(([, , query = '']) => query);
}
