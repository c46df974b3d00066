import type { Arguments } from "../arguments.ts";
import { askToDo } from "../ask-to-do.ts";

/** Exit status 0 if the service is ready again, otherwise 1. */
export function restart({ operands }: Arguments): Promise<number> {
  return askToDo({ verb: "restart", service: operands[0] as string });
}
