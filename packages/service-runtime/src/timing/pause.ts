/**
 * Resolves after a while. Uses the global timer, which tests can replace, unlike that of `node:timers/promises`.
 * `holdsProcess: false` lets the process end meanwhile.
 */
export function pause(milliseconds: number, { holdsProcess = true } = {}): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    if (!holdsProcess) timer.unref();
  });
}
