import type { ServiceProcess } from '@postline/test-support';

const BYTES_PER_MIB = 1024 * 1024;

/** A service's resident memory over time, as its own metrics tell it. */
export class ResidentMemory {
  readonly #service: ServiceProcess;
  readonly #mebibytes: number[] = [];

  constructor(service: ServiceProcess) {
    this.#service = service;
  }

  async sample(): Promise<void> {
    const metrics = await (await fetch(`${this.#service.url}/metrics`)).text();
    const bytes = /^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)$/m.exec(metrics)?.[1];
    this.#mebibytes.push(Number(bytes) / BYTES_PER_MIB);
  }

  /** MiB by which the median of the last third is above that of the third before it: the first third warms up. */
  growthMebibytes(): number {
    const third = Math.floor(this.#mebibytes.length / 3);
    return median(this.#mebibytes.slice(-third)) - median(this.#mebibytes.slice(third, 2 * third));
  }

  /** For whoever reads the report. */
  summary(): string {
    return this.#mebibytes.map((value) => value.toFixed(0)).join(' ');
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
