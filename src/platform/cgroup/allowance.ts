// What the container may use, in a file for gunicorn's master, which makes as many workers of it as fit (djinit_size.py).
import { renameSync, rmSync } from "node:fs";
import { totalmem } from "node:os";
import { writeNewFile } from "../new-file.ts";
import { HERE, type Place } from "./levels.ts";
import { readMemoryAccount } from "./memory-account.ts";
import { readShare } from "./processors.ts";

export interface Allowance {
  /** By quota and cpuset; perhaps a fraction. */
  processors: number;
  /** Else they are the machine's, which others use too. */
  hasQuota: boolean;
  /** The limit, or the machine's memory. */
  memoryBytes: number;
}

/** A part of the memory that is full, and what the container has besides gunicorn and nginx. */
export interface Told extends Allowance {
  /** Services that have loaded the project too. */
  beside: number;
  /** The guard has asked so often for a worker to be renewed: a higher number is a new word. */
  relief: number;
  usageBytes?: number;
}

export function readAllowance(place: Place = HERE): Allowance {
  const limit = readMemoryAccount(place)?.limitBytes ?? Number.POSITIVE_INFINITY;
  return { ...readShare(place), memoryBytes: Math.min(limit, totalmem()) };
}

/** If it cannot be written, gunicorn's workers stay as they are. */
export function tellAllowance(path: string, told: Told): void {
  const draft = `${path}.new`;
  try {
    writeNewFile(draft, JSON.stringify(told), { mode: 0o644 });
    renameSync(draft, path);
  } catch {
    rmSync(draft, { force: true });
  }
}
