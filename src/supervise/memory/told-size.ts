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
const TOLD = /^(\d{1,4}) (\d{1,4}) (\d{1,15}) (processors|memory|most)$/;

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
