// One round: everything that chance decides, from its seed alone.
import { FAULTS, type FaultSpec, FIRST_FAULTS, LATER_FAULTS, type ProcessKind } from "./fault-table.ts";
import { type Random, randomOf } from "./seed.ts";

export type SubjectKind = "all-in-one" | "separate";
export type MemberName = "all" | "web" | "worker" | "beat";

export interface Round {
  seed: number;
  subject: SubjectKind;
  fault: FaultSpec;
  /** The container it happens to. */
  member: MemberName;
  target: ProcessKind | undefined;
  /** Which of several processes of that kind, from 0 to below 1. */
  choice: number;
  /** From the beginning of the load to the fault. */
  momentMs: number;
  durationMs: number;
}

const MOMENT_MS = [300, 1_500] as const;
/** Any number: it makes a second series of draws from the same seed. */
const LATER_DRAWS = 0x5eed;
/** What happens to the application, or what only web has. */
const OF_WEB: readonly FaultSpec["action"][] = ["reader", "memory", "sockets"];

export const MEMBERS: Record<SubjectKind, readonly MemberName[]> = {
  "all-in-one": ["all"],
  separate: ["web", "worker", "beat"],
};

/** Pure: the same seed is the same round. */
export function planRound(seed: number): Round {
  const random = randomOf(seed);
  const fault = drawFault(seed, random);
  const subject = random.pick(fault.subjects);
  const target = fault.targets.length === 0 ? undefined : random.pick(fault.targets);
  const anyMember = random.pick(MEMBERS[subject]);
  return {
    seed,
    subject,
    fault,
    target,
    member: subject === "all-in-one" ? "all" : memberOf(fault, target, anyMember),
    choice: random.next(),
    momentMs: random.integer(...MOMENT_MS),
    durationMs: random.integer(...fault.durationMs),
  };
}

/** Each fault as often as any other. The first draw is made in any case: what is drawn after it stays the same. */
function drawFault(seed: number, random: Random): FaultSpec {
  const first = random.pick(FIRST_FAULTS);
  const later = randomOf(seed ^ LATER_DRAWS);
  return later.next() < LATER_FAULTS.length / FAULTS.length ? later.pick(LATER_FAULTS) : first;
}

/** The rounds of `count` seeds in turn from `firstSeed` on; with `faultName` only seeds that lead to that fault. */
export function planRounds(firstSeed: number, count: number, faultName?: string): Round[] {
  const rounds: Round[] = [];
  for (let seed = firstSeed; rounds.length < count; seed += 1) {
    const round = planRound(seed >>> 0);
    if (faultName === undefined || round.fault.name === faultName) rounds.push(round);
  }
  return rounds;
}

/** Each fault once, in the order of their seeds from `firstSeed` on, and then more rounds up to `count`. */
export function planCover(firstSeed: number, count: number): Round[] {
  const rounds: Round[] = [];
  for (let seed = firstSeed; rounds.length < count; seed += 1) {
    const round = planRound(seed >>> 0);
    const isNew = !rounds.some(({ fault }) => fault === round.fault);
    if (isNew || new Set(rounds.map(({ fault }) => fault)).size === FAULTS.length) rounds.push(round);
  }
  return rounds;
}

function memberOf({ action }: FaultSpec, target: ProcessKind | undefined, anyMember: MemberName): MemberName {
  if (target === undefined) return OF_WEB.includes(action) ? "web" : anyMember;
  if (target === "djinit") return anyMember;
  if (target === "beat") return "beat";
  return target.startsWith("celery") ? "worker" : "web";
}
