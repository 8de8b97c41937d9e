/** Waits. On the global timer, which tests can replace; that of `node:timers/promises` they can't. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
