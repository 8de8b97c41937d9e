/** The samples of a Prometheus page by name and labels, as they stand there: `x_total{outcome="early",…}`. */
export function parseMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    const valueStart = line.lastIndexOf(' ');
    if (line.startsWith('#') || valueStart < 0) continue;
    samples.set(line.slice(0, valueStart), Number(line.slice(valueStart + 1)));
  }
  return samples;
}

/** The sum of all samples of this name whose labels hold `label` (`outcome="early"`), or of all of them. */
export function sumOf(samples: ReadonlyMap<string, number>, name: string, label = ''): number {
  let sum = 0;
  for (const [key, value] of samples) {
    const isSample = key === name || key.startsWith(`${name}{`);
    if (isSample && key.includes(label)) sum += value;
  }
  return sum;
}

/** Asks a service for its figures. */
export async function readMetrics(serviceUrl: string): Promise<Map<string, number>> {
  const response = await fetch(`${serviceUrl}/metrics`);
  return parseMetrics(await response.text());
}
