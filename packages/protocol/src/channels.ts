/** Channel of the hints for one target: `<prefix>updates:<targetId>`. */
export function updatesChannel(prefix: string, targetId: string): string {
  return `${prefix}updates:${targetId}`;
}

/**
 * Channel on which one subscriber proves to itself that its subscription is alive. No target id can start with
 * a `$`, so it never meets a channel of updates.
 */
export function livenessChannel(prefix: string, subscriberId: string): string {
  return `${prefix}updates:$liveness:${subscriberId}`;
}
