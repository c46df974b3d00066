// A file system that does not answer (NFS, FUSE) stops whoever asks it. PID 1 asks in a thread first: it can be told to stop.
import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { OwnLog } from "../../logs/write/own-log.ts";

/** A look takes microseconds; a network's file system takes longer. */
const LATE_MS = 1_000;

interface Waiting {
  log: Pick<OwnLog, "info" | "warn">;
  /** Of a stop. */
  signal: AbortSignal;
}

type Ask = (path: string) => Promise<unknown>;

/** Resolves when all paths can be looked at, or are not there. One at a time: Node has four threads. Errors: the signal's reason. */
export async function untilTheyAnswer(
  paths: readonly (string | null | undefined)[],
  { log, signal }: Waiting,
  ask: Ask = stat,
): Promise<void> {
  for (const path of new Set(paths.filter((each) => typeof each === "string"))) {
    signal.throwIfAborted();
    const answer = ask(path).catch(() => undefined);
    if (await isThere(answer)) continue;
    log.warn(
      { path },
      `the file system of ${path} does not answer: the boot waits for it; look at the mount`,
    );
    await Promise.race([answer, rejectsAt(signal)]);
    log.info({ path }, `the file system of ${path} answers`);
  }
}

async function isThere(answer: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(LATE_MS, false, { signal: timer.signal }).catch(() => false);
  const isAnswered = await Promise.race([answer.then(() => true), late]);
  timer.abort();
  return isAnswered;
}

function rejectsAt(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  // It may have come before: nobody is told of it again.
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}
