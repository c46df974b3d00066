import type { Fields, Level } from "../record.ts";
import { readTraceback, summaryOf } from "./error.ts";
import { parseJsonLine } from "./json.ts";
import type { Entry } from "./open-traceback.ts";
import { parseTextLine } from "./text.ts";

/** The fields of one entry of `service`. `fallback` is the level of a line that names none. */
export function parseEntry({ head, traceback }: Entry, service?: string, fallback: Level = "info"): Fields {
  const fields =
    head === ""
      ? { level: "error" as const, msg: "" }
      : (parseJsonLine(head, fallback, service) ?? parseTextLine(head, fallback));
  if (traceback.length === 0) return fields;
  const error = readTraceback(traceback);
  const level = fields.level === "fatal" ? "fatal" : "error";
  return { ...fields, level, msg: fields.msg || summaryOf(error), error };
}
