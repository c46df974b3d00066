import { askToDo } from "../ask-to-do.ts";

/** Exit status 0 if the reload has begun. The log tells the result. */
export function reload(): Promise<number> {
  return askToDo({ verb: "reload" });
}
