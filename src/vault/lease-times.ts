// When a lease is looked after. Pure.
import type { Lease } from "./state.ts";

const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** What is granted may be some seconds short of what was asked for. */
const AS_MUCH = 0.9;

/** At two thirds of what was granted last: a third is left for an outage. */
export function dueMs({ endMs, grantedMs }: Lease): number {
  return endMs - grantedMs / 3;
}

/**
 * What a renewal leaves. Where less is granted than was asked for, it has come near its longest life: no renewal would
 * extend it further, and it is replaced when it is due next.
 */
export function renewed<L extends Lease>(lease: L, granted: Lease): L {
  const isWhole = granted.grantedMs >= lease.fullMs * AS_MUCH;
  return { ...lease, ...granted, fullMs: lease.fullMs, renewable: granted.renewable && isWhole };
}

/** The pause after an attempt that failed, by how many have failed in a row. */
export function pauseMs(failures: number): number {
  return Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** (failures - 1));
}
