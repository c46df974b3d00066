// Most boots are over before the first question. The servers are loaded only if a boot takes longer.
import { type Clock, until } from "../../base/clock.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { AdminDescriptors } from "../../plan/plan.ts";
import type { Answers } from "./serve.ts";

/** Longer than a start takes that has nothing to do. */
const LONG_BOOT_MS = 1_000;
/** For a client that has connected and asks. */
const LAST_ANSWER_MS = 200;
const LAST_ANSWER_PERIOD_MS = 5;

export interface LaterAnswers {
  /**
   * Resolves with the listening sockets, from which nothing has been accepted that is not answered. To be handed over in
   * the same turn.
   */
  handOver(): Promise<AdminDescriptors>;
}

/** `open` loads what answers, and begins to listen. */
export function answerLater(open: () => Promise<Answers>, log: OwnLog, clock: Clock): LaterAnswers {
  let opening: Promise<Answers | undefined> | undefined;
  const cancel = clock.after(LONG_BOOT_MS, () => {
    // The boot does not depend on it.
    opening = open().catch((error: Error) => {
      const cause = error.message;
      log.warn({ cause }, `cannot answer while the container boots: ${cause}`);
      return undefined;
    });
  });
  return {
    handOver: async () => {
      cancel();
      const answers = await opening;
      if (answers === undefined) return {};
      await until(clock, LAST_ANSWER_PERIOD_MS, LAST_ANSWER_MS, () => answers.open() === 0);
      return answers.fds;
    },
  };
}
