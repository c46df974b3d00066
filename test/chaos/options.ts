import { parseArgs } from "node:util";
import { FAULTS, faultNamed } from "./fault-table.ts";

export interface ChaosOptions {
  rounds: number;
  /** The first one; the others count up from it. */
  seed: number;
  lanes: number;
  fault: string | undefined;
}

const USUAL_ROUNDS = 1_000;
const USUAL_LANES = 4;
const SEEDS = 2 ** 32;

export const USAGE = `npm run chaos -- [option...]
  --rounds N    how many (default ${USUAL_ROUNDS}; 1 with --seed)
  --seed S      of the first round, the others count up from it (default: of the clock)
  --lanes L     how many at once (default ${USUAL_LANES})
  --fault NAME  only this one: ${FAULTS.map(({ name }) => name).join(", ")}`;

/** `--seed S` alone repeats that one round. Errors: an option that is unknown or no number that makes sense. */
export function readOptions(words: readonly string[], anySeed: number): ChaosOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      rounds: { type: "string" },
      seed: { type: "string" },
      lanes: { type: "string" },
      fault: { type: "string" },
    },
  });
  const { seed, fault } = values;
  if (fault !== undefined) faultNamed(fault);
  return {
    rounds: whole("--rounds", values.rounds, seed === undefined ? USUAL_ROUNDS : 1, 1, 1_000_000),
    seed: whole("--seed", seed, anySeed, 0, SEEDS - 1),
    lanes: whole("--lanes", values.lanes, USUAL_LANES, 1, 32),
    fault,
  };
}

function whole(option: string, text: string | undefined, usual: number, least: number, most: number): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`cannot use ${option} ${text}: it must be a whole number from ${least} to ${most}`);
}
