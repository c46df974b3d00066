// How many workers gunicorn's master has chosen, and why, as it has written it down (djinit_size.py).
import { readUntrusted } from "../../base/untrusted-file.ts";

export interface ToldSize {
  workers: number;
  threads: number;
  workerBytes: number;
  decidedBy: "processors" | "memory" | "most";
}

/** A longer file was not written by gunicorn. */
const MOST_BYTES = 64;
const TOLD_WORKERS = /^(\d{1,9}) (\d{1,4})$/;
const TOLD = /^(\d{1,4}) (\d{1,4}) (\d{1,15}) (processors|memory|most)$/;

/**
 * How many workers the master with this PID is to have. Those that are leaving are there besides. Undefined where it has not said
 * so.
 */
export function readToldWorkers(path: string, pid: number | undefined): number | undefined {
  try {
    const [, master, workers] =
      TOLD_WORKERS.exec(readUntrusted(path, { mostBytes: MOST_BYTES }).toString("latin1")) ?? [];
    return workers !== undefined && Number(master) === pid ? Number(workers) : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined where djinit has chosen nothing. The application's user can write anything there. */
export function readToldSize(path: string): ToldSize | undefined {
  try {
    const found = TOLD.exec(readUntrusted(path, { mostBytes: MOST_BYTES }).toString("latin1"));
    if (found === null) return undefined;
    const [, workers, threads, workerBytes, decidedBy] = found;
    return {
      workers: Number(workers),
      threads: Number(threads),
      workerBytes: Number(workerBytes),
      decidedBy: decidedBy as ToldSize["decidedBy"],
    };
  } catch {
    return undefined;
  }
}
