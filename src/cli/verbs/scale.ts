import { DjinitError } from "../../base/errors.ts";
import type { Arguments } from "../arguments.ts";
import { askToDo } from "../ask-to-do.ts";

/** Exit status 0 if gunicorn has got all its signals. */
export function scale({ operands }: Arguments, usage: string): Promise<number> {
  const [service = "", workers = ""] = operands;
  if (!/^[+-]?\d{1,4}$/.test(workers)) {
    const text = `cannot scale ${service} to ${JSON.stringify(workers)}: that is no number; usage: djinit ${usage}`;
    throw new DjinitError("DJINIT_BAD_USAGE", text);
  }
  return askToDo({ verb: "scale", service, workers });
}
