import { askToDo } from "../ask-to-do.ts";

/** Exit status 0 when the reload has begun: what comes of it is in the log. */
export function reload(): Promise<number> {
  return askToDo({ verb: "reload" });
}
