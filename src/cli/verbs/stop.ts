import { readArguments } from "../arguments.ts";
import { askToDo } from "../ask-to-do.ts";

export const stopUsage = "stop SERVICE";

/** Exit status 0 when it is done, 1 when it did not come about. */
export function stop(args: readonly string[]): Promise<number> {
  const { words } = readArguments(args, { usage: stopUsage, words: [1, 1] });
  return askToDo({ verb: "stop", service: words[0] as string });
}
