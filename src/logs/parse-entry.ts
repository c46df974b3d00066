import type { Entry } from "./entries.ts";
import { parseJsonLine } from "./parse-json.ts";
import { parseTextLine } from "./parse-text.ts";
import type { Fields, Level } from "./record.ts";

/** The fields of one entry. `fallback` is the level of a line that names none. */
export function parseEntry({ head, traceback }: Entry, fallback: Level = "info"): Fields {
  const fields =
    head === ""
      ? { level: "error" as const, msg: "" }
      : (parseJsonLine(head, fallback) ?? parseTextLine(head, fallback));
  if (traceback.length === 0) return fields;
  const error = readTraceback(traceback);
  const level = fields.level === "fatal" ? "fatal" : "error";
  return { ...fields, level, msg: fields.msg || `${error.type}: ${error.message}`, error };
}

/** What a traceback says of its exception; the last one counts where several are chained. */
export function readTraceback(lines: readonly string[]): { type: string; message: string; stack: string } {
  const at = lines.findLastIndex(
    (line) => /^[A-Za-z_][\w.]*(:|$)/.test(line) && !line.startsWith("Traceback "),
  );
  const [, type = "Exception", message = ""] =
    /^([\w.]+)(?:: (.*))?$/s.exec(lines.slice(Math.max(at, 0)).join("\n")) ?? [];
  return { type, message, stack: lines.join("\n") };
}
