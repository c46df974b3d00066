import type { Arguments } from "../arguments.ts";
import { askToDo } from "../ask-to-do.ts";

/** Exit status 0 if the service is ready, otherwise 1. */
export function start({ operands }: Arguments): Promise<number> {
  return askToDo({ verb: "start", service: operands[0] as string });
}
