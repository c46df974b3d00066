// Finds out when a service has come up.
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Fields } from "../logs/record.ts";
import type { Readiness } from "../plan/plan.ts";
import { probe } from "./probe.ts";

/** Often enough that nobody waits for it, seldom enough to cost nothing. */
const PROBE_PERIOD_MS = 25;
/** Clocks of a file system may be this coarse. */
const FILE_TIME_SLACK_MS = 50;

export interface ReadinessWatch {
  /** Shows it what the service has just logged. */
  see(fields: Fields): void;
  /** Gives up. */
  cancel(): void;
}

/** Calls `onReady` once when the service, which has just been started, has come up. */
export function watchReadiness(readiness: Readiness, clock: Clock, onReady: () => void): ReadinessWatch {
  switch (readiness.kind) {
    case "settled":
      return { see: ignore, cancel: clock.after(readiness.afterMs, onReady) };
    case "log": {
      const pattern = new RegExp(readiness.pattern);
      return { see: ({ msg }) => pattern.test(msg) && onReady(), cancel: ignore };
    }
    case "file": {
      const { prefix, orAfterMs } = readiness;
      const sinceMs = Date.now() - FILE_TIME_SLACK_MS;
      const untilMs = clock.monotonicMs() + orAfterMs;
      return ask(clock, onReady, async () => clock.monotonicMs() >= untilMs || isWritten(prefix, sinceMs));
    }
    default:
      return ask(clock, onReady, () => probe(readiness));
  }
}

/** Again and again until the answer is yes. */
function ask(clock: Clock, onReady: () => void, question: () => Promise<boolean>): ReadinessWatch {
  let cancelled = false;
  let cancelTimer = ignore;
  const attempt = async (): Promise<void> => {
    const ready = await question();
    if (cancelled) return;
    if (ready) onReady();
    else cancelTimer = clock.after(PROBE_PERIOD_MS, () => void attempt());
  };
  void attempt();
  return {
    see: ignore,
    cancel: () => {
      cancelled = true;
      cancelTimer();
    },
  };
}

function isWritten(prefix: string, sinceMs: number): boolean {
  try {
    return readdirSync(dirname(prefix))
      .filter((name) => name.startsWith(basename(prefix)))
      .some((name) => statSync(join(dirname(prefix), name)).mtimeMs >= sinceMs);
  } catch {
    return false;
  }
}

function ignore(): void {}
