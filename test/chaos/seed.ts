/** Chance that is the same for the same seed. */
export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** Both ends included. */
  integer(least: number, most: number): number;
  pick<T>(list: readonly T[]): T;
}

/** mulberry32: 32 bits of state are plenty for a few draws, and any 32-bit seed is a good one. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  const pick = <T>(list: readonly T[]): T => {
    if (list.length === 0) throw new Error("cannot pick from nothing");
    return list[integer(0, list.length - 1)] as T;
  };
  return { next, integer, pick };
}
