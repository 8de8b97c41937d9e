/**
 * The order of the systems in a round, from 0: a rotation and then the same backwards. Over two rounds for each system,
 * everyone has had every place equally often, and has followed more than one of the others.
 */
export function orderOf<System>(systems: readonly System[], round: number): readonly System[] {
  const first = Math.floor(round / 2) % systems.length;
  const rotated = [...systems.slice(first), ...systems.slice(0, first)];
  return round % 2 === 0 ? rotated : rotated.reverse();
}
