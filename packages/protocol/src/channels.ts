/** Channel of the hints for one target: `<prefix>updates:<targetId>`. */
export function updatesChannel(prefix: string, targetId: string): string {
  return `${prefix}updates:${targetId}`;
}

/**
 * Stands where a target would in the name of the channel on which relays hear that a client was disconnected. It is no
 * target id, so it never meets a channel of updates; what comes on it has no content.
 */
export const DISCONNECTS_CHANNEL_NAME = '$disconnects';

/**
 * Channel on which one subscriber proves to itself that its subscription is alive. No target id can start with
 * a `$`, so it never meets a channel of updates.
 */
export function livenessChannel(prefix: string, subscriberId: string): string {
  return `${prefix}updates:$liveness:${subscriberId}`;
}
