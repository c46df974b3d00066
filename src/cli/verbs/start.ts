import { readArguments } from "../arguments.ts";
import { askToDo } from "../ask-to-do.ts";

export const startUsage = "start SERVICE";

/** Exit status 0 when it is done, 1 when it did not come about. */
export function start(args: readonly string[]): Promise<number> {
  const { words } = readArguments(args, { usage: startUsage, words: [1, 1] });
  return askToDo({ verb: "start", service: words[0] as string });
}
