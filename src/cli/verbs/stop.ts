import type { Arguments } from "../arguments.ts";
import { askToDo } from "../ask-to-do.ts";

/** Exit status 0 if the service has stopped, otherwise 1. */
export function stop({ operands }: Arguments): Promise<number> {
  return askToDo({ verb: "stop", service: operands[0] as string });
}
