import { readArguments } from "../arguments.ts";
import { askToDo } from "../ask-to-do.ts";

export const reloadUsage = "reload";

/** Exit status 0 when the reload has begun: what comes of it is in the log. */
export function reload(args: readonly string[]): Promise<number> {
  readArguments(args, { usage: reloadUsage });
  return askToDo({ verb: "reload" });
}
