// Finds out when a service has come up.
import type { Clock } from "../../base/clock.ts";
import type { Fields } from "../../logs/record.ts";
import type { Readiness } from "../../plan/plan.ts";
import { lastWrittenMs } from "./last-written.ts";
import { beforeAnswer, probe } from "./probe.ts";

/** Short enough that no start waits for it, long enough to cost nothing. */
const PROBE_PERIOD_MS = 25;

export interface ReadinessWatch {
  /** Shows the watch a record that the service has just logged. */
  see(fields: Fields): void;
  /** Ends the watch. */
  cancel(): void;
  /** Why the service is not ready, if a probe has told. */
  readonly why?: string | undefined;
}

/**
 * Calls `onReady` once, when the service that has just been started has come up. `seen` is false if the only sign is that it
 * has lived for some time.
 */
export function watchReadiness(
  readiness: Readiness,
  clock: Clock,
  onReady: (seen: boolean) => void,
): ReadinessWatch {
  switch (readiness.kind) {
    case "settled": {
      const { afterMs } = readiness;
      // 0: there is no sign to wait for, so none is missing.
      return { see: ignore, cancel: clock.after(afterMs, () => onReady(afterMs === 0)) };
    }
    case "log": {
      const pattern = new RegExp(readiness.pattern);
      const isWritten = writtenSince(readiness.orFile);
      let isOver = false;
      const end = (isSeen: boolean): void => {
        if (isOver) return;
        cancel();
        onReady(isSeen);
      };
      const cancelTimer = clock.after(readiness.orAfterMs, () => end(false));
      const file = ask(
        clock,
        () => end(true),
        async () => (isWritten() ? undefined : ""),
      );
      const cancel = (): void => {
        isOver = true;
        cancelTimer();
        file.cancel();
      };
      const see = ({ msg }: Fields): void => {
        if (pattern.test(msg)) end(true);
      };
      return { see, cancel };
    }
    case "file": {
      const isWritten = writtenSince(readiness.prefix);
      const untilMs = clock.monotonicMs() + readiness.orAfterMs;
      return ask(
        clock,
        () => onReady(isWritten()),
        async () => (clock.monotonicMs() >= untilMs || isWritten() ? undefined : ""),
      );
    }
    case "health":
      // HealthWatch tells.
      return { see: ignore, cancel: ignore };
    default:
      return ask(
        clock,
        () => onReady(true),
        () => probe(readiness),
        beforeAnswer(readiness),
      );
  }
}

/** Whether a file with this prefix has been written from now on. An earlier process may have just written it. */
function writtenSince(prefix: string): () => boolean {
  const beforeMs = lastWrittenMs(prefix);
  return () => lastWrittenMs(prefix) > beforeMs;
}

/** Asks again and again until the answer is undefined. */
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

function ignore(): void {}
