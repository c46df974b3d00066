import type { Entry } from "./entries.ts";
import { parseJsonLine } from "./parse-json.ts";
import { parseTextLine } from "./parse-text.ts";
import type { Fields, Level } from "./record.ts";

/** The fields of one entry of `service`. `fallback` is the level of a line that names none. */
export function parseEntry({ head, traceback }: Entry, service?: string, fallback: Level = "info"): Fields {
  const fields =
    head === ""
      ? { level: "error" as const, msg: "" }
      : (parseJsonLine(head, fallback, service) ?? parseTextLine(head, fallback));
  if (traceback.length === 0) return fields;
  const error = readTraceback(traceback);
  const level = fields.level === "fatal" ? "fatal" : "error";
  const summary = error.message === "" ? error.type : `${error.type}: ${error.message}`;
  return { ...fields, level, msg: fields.msg || summary, error };
}

/** Where an exception outside a group begins: at the margin, or as a group of its own. */
const TOP_LEVEL = /^( {2}\+ Exception Group )?Traceback \(most recent call last\):/;
const GROUP_MARGIN = /^ {2}[|+] ?/;

/** Type and message of a traceback's exception. Of chained exceptions the last one counts. */
export function readTraceback(lines: readonly string[]): { type: string; message: string; stack: string } {
  const stack = lines.join("\n");
  const begin = lines.findLastIndex((line) => TOP_LEVEL.test(line));
  const isGroup = lines[begin]?.startsWith(" ");
  const rest = lines.slice(begin + 1).map((line) => (isGroup ? line.replace(GROUP_MARGIN, "") : line));
  const at = rest.findIndex((line) => /^[^\s]/.test(line));
  const message = isGroup ? rest[at] : rest.slice(at).join("\n");
  const [, type = "Exception", text = ""] =
    /^([\w.]+)(?:: (.*))?$/s.exec(at === -1 ? "" : (message ?? "")) ?? [];
  return { type, message: text.trimEnd(), stack };
}
