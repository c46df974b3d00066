import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import type { LogPlan } from "../../plan/plan.ts";
import { BlockingSink } from "./blocking-sink.ts";
import { PipeSink } from "./pipe-sink.ts";
import { makePolicy } from "./policy.ts";
import type { Sink } from "./sink.ts";

/**
 * A sink on the descriptor `fd`. A pipe is put into non-blocking mode, for every process that shares it: where a child
 * has the same descriptor, ask for `blocking`.
 */
export function openSink(
  fd: number,
  mode: "non-blocking" | "blocking" = "non-blocking",
  plan?: LogPlan,
): Sink {
  const kind = fstatSync(fd);
  const canWait = mode === "non-blocking" && (kind.isFIFO() || kind.isSocket());
  const terminal = isatty(fd);
  const policy = makePolicy(plan, { terminal, colour: terminal && !process.env["NO_COLOR"] });
  return canWait ? new PipeSink(fd, policy) : new BlockingSink(fd, policy);
}
