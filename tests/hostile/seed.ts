/** Generated input depends only on this seed. HOSTILE_SEED sets another one, and failures report it. */
export const SEED = Number(process.env['HOSTILE_SEED'] ?? 1);
