import { DjinitError } from "../../base/errors.ts";
import type { Arguments } from "../arguments.ts";
import { askToDo } from "../ask-to-do.ts";

/** Exit status 0 if nothing of what was kept is given any more. */
export function cache({ operands: [what = ""] }: Arguments, usage: string): Promise<number> {
  if (what !== "clear") {
    const text = `cannot do ${JSON.stringify(what)} to the cache: it can only be cleared; usage: djinit ${usage}`;
    throw new DjinitError("DJINIT_BAD_USAGE", text);
  }
  return askToDo({ verb: "cache" });
}
