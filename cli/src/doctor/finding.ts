/** One line of the doctor's output. */
export interface Finding {
  readonly check: string;
  /** `warning`: it works, but the operator should know about it. `skipped`: it could not be checked from here. */
  readonly status: 'ok' | 'warning' | 'fault' | 'skipped';
  readonly text: string;
  /** What to do about it. */
  readonly todo?: string;
}

export function ok(check: string, text: string): Finding {
  return { check, status: 'ok', text };
}

export function warning(check: string, text: string): Finding {
  return { check, status: 'warning', text };
}

export function skipped(check: string, text: string): Finding {
  return { check, status: 'skipped', text };
}

export function fault(check: string, text: string, todo: string): Finding {
  return { check, status: 'fault', text, todo };
}
