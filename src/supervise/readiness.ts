// Finds out when a service has come up.
import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { Fields } from "../logs/record.ts";
import type { Readiness } from "../plan/plan.ts";
import { beforeAnswer, probe } from "./probe.ts";

/** Often enough that nobody waits for it, seldom enough to cost nothing. */
const PROBE_PERIOD_MS = 25;

export interface ReadinessWatch {
  /** Shows it what the service has just logged. */
  see(fields: Fields): void;
  /** Gives up. */
  cancel(): void;
  /** Why it is not ready, if it has said so. */
  readonly why?: string | undefined;
}

/** Calls `onReady` once when the service, which has just been started, has come up. */
export function watchReadiness(readiness: Readiness, clock: Clock, onReady: () => void): ReadinessWatch {
  switch (readiness.kind) {
    case "settled":
      return { see: ignore, cancel: clock.after(readiness.afterMs, onReady) };
    case "log": {
      const pattern = new RegExp(readiness.pattern);
      const cancel = clock.after(readiness.orAfterMs, onReady);
      const see = ({ msg }: Fields): void => {
        if (!pattern.test(msg)) return;
        cancel();
        onReady();
      };
      return { see, cancel };
    }
    case "file": {
      const { prefix, orAfterMs } = readiness;
      // Not the time of day: an earlier process may have written it a moment ago.
      const beforeMs = lastWrittenMs(prefix);
      const untilMs = clock.monotonicMs() + orAfterMs;
      return ask(clock, onReady, async () =>
        clock.monotonicMs() >= untilMs || lastWrittenMs(prefix) > beforeMs ? undefined : "",
      );
    }
    default:
      return ask(clock, onReady, () => probe(readiness), beforeAnswer(readiness));
  }
}

/** Again and again until nothing is said against it. */
function ask(
  clock: Clock,
  onReady: () => void,
  question: () => Promise<string | undefined>,
  before = "",
): ReadinessWatch {
  let why: string | undefined = before;
  let cancelled = false;
  let cancelTimer = ignore;
  const attempt = async (): Promise<void> => {
    const answer = await question();
    if (cancelled) return;
    why = answer;
    if (answer === undefined) onReady();
    else cancelTimer = clock.after(PROBE_PERIOD_MS, () => void attempt());
  };
  void attempt();
  return {
    see: ignore,
    cancel: () => {
      cancelled = true;
      cancelTimer();
    },
    get why() {
      return why || undefined;
    },
  };
}

/** When the newest file whose path begins so was written; 0 where there is none. */
function lastWrittenMs(prefix: string): number {
  try {
    const names = readdirSync(dirname(prefix)).filter((name) => name.startsWith(basename(prefix)));
    return Math.max(0, ...names.map((name) => statSync(join(dirname(prefix), name)).mtimeMs));
  } catch {
    return 0;
  }
}

function ignore(): void {}
