import { DjinitError } from "../../base/errors.ts";
import { readArguments } from "../arguments.ts";
import { askToDo } from "../ask-to-do.ts";

export const scaleUsage = "scale gunicorn +1|-1|N";

/** Exit status 0 when gunicorn has been told. */
export function scale(args: readonly string[]): Promise<number> {
  const { words } = readArguments(args, { usage: scaleUsage, words: [2, 2] });
  const [service = "", workers = ""] = words;
  if (!/^[+-]?\d{1,4}$/.test(workers)) {
    const text = `cannot scale ${service} to ${JSON.stringify(workers)}: that is no number; usage: djinit ${scaleUsage}`;
    throw new DjinitError("DJINIT_BAD_USAGE", text);
  }
  return askToDo({ verb: "scale", service, workers });
}
