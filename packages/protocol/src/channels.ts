/** Channel of the hints for one target: `<prefix>updates:<targetId>`. */
export function updatesChannel(prefix: string, targetId: string): string {
  return `${prefix}updates:${targetId}`;
}

/**
 * State of which each relay keeps a part, and whose changes have a channel: `<prefix>updates:$<name>`. A notice has no
 * content; relays read from the database what has changed.
 */
export type ControlChannel = 'disconnects' | 'members';

/** Takes the place of the target id in a control channel's name. No target id begins with a `$`. */
export function controlTopic(channel: ControlChannel): string {
  return `$${channel}`;
}

/**
 * Channel of messages that prove a connection: one of a subscriber, or of a single proof. No target id can start with
 * a `$`, so it never meets a channel of updates.
 */
export function livenessChannel(prefix: string, subscriberId: string): string {
  return `${prefix}updates:$liveness:${subscriberId}`;
}
