/** What the generated input depends on, and nothing else: HOSTILE_SEED tries another, and a failure names its own. */
export const SEED = Number(process.env['HOSTILE_SEED'] ?? 1);
