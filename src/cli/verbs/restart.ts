import type { Arguments } from "../arguments.ts";
import { askToDo } from "../ask-to-do.ts";

/** Exit status 0 when it is done, 1 when it did not come about. */
export function restart({ operands }: Arguments): Promise<number> {
  return askToDo({ verb: "restart", service: operands[0] as string });
}
