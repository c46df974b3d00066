import type { Arguments } from "../arguments.ts";
import { askToDo } from "../ask-to-do.ts";

/** Exit status 0 when it is done, 1 when it did not come about. */
export function start({ operands }: Arguments): Promise<number> {
  return askToDo({ verb: "start", service: operands[0] as string });
}
