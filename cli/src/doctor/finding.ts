/** One line of the doctor. */
export interface Finding {
  readonly check: string;
  /** `warning`: it works, but an operator should know. `skipped`: it could not be checked from here. */
  readonly status: 'ok' | 'warning' | 'fault' | 'skipped';
  readonly text: string;
  /** The one thing to do. */
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
