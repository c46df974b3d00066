import { readArguments } from "../arguments.ts";
import { askToDo } from "../ask-to-do.ts";

export const restartUsage = "restart SERVICE";

/** Exit status 0 when it is done, 1 when it did not come about. */
export function restart(args: readonly string[]): Promise<number> {
  const { words } = readArguments(args, { usage: restartUsage, words: [1, 1] });
  return askToDo({ verb: "restart", service: words[0] as string });
}
